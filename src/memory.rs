//! Memory of the process.

/// Makes the C library give large blocks back to the system as soon as they are freed.
///
/// By itself, glibc raises the size from which it does, 128 KiB at first, with every block freed, up to 32 MiB,
/// and keeps smaller ones for later: the steps of an overlay, each with lists of other sizes, then hold half as
/// much again as they use. Does nothing with another C library.
pub fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: std::ffi::c_int, value: std::ffi::c_int) -> std::ffi::c_int;
        }
        const M_MMAP_THRESHOLD: std::ffi::c_int = -3;
        // SAFETY: a setting of the allocator, with the arguments that glibc's malloc.h gives it. A value that
        // it refuses changes nothing.
        unsafe { mallopt(M_MMAP_THRESHOLD, 128 << 10) };
    }
}

/// Most memory held so far, in MiB, where the system tells it.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
