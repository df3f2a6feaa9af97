//! Memory of the process.

use std::sync::Mutex;

/// As long as it is there, the C library gives large blocks back to the system as soon as they are freed.
///
/// By itself, glibc raises the size from which it does with every block freed, to 32 MiB in the end, and keeps
/// smaller ones for later: the steps of an overlay, each with lists of other sizes, then hold half as much again as
/// they use. Elsewhere that is the faster way: with the end of the last of these, the size is what glibc comes to in
/// the end. Does nothing with another C library.
pub struct LargeBlocksReturned(());

/// How many there are.
static HOLDERS: Mutex<u32> = Mutex::new(0);

/// From this size on blocks are large,
const LARGE: i32 = 1 << 20;
/// and from this one on usually: the most that glibc comes to by itself.
const USUAL: i32 = 32 << 20;

impl LargeBlocksReturned {
    /// From now on.
    pub fn new() -> Self {
        let mut holders = HOLDERS.lock().unwrap_or_else(|e| e.into_inner());
        *holders += 1;
        set_mapped_from(LARGE);
        Self(())
    }
}

impl Default for LargeBlocksReturned {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LargeBlocksReturned {
    fn drop(&mut self) {
        let mut holders = HOLDERS.lock().unwrap_or_else(|e| e.into_inner());
        *holders -= 1;
        if *holders == 0 {
            set_mapped_from(USUAL);
        }
    }
}

/// Sets what glibc's `malloc.h` names by these numbers.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set(parameter: i32, value: i32) {
    use std::ffi::c_int;

    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    // SAFETY: settings of the allocator may be changed at any time, and a value that it refuses changes nothing.
    unsafe {
        mallopt(parameter, value);
    }
}

/// Sets the size from which blocks are mapped one by one, and twice that for what may lie free at the end of the
/// heap, as glibc does.
fn set_mapped_from(size: i32) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const M_TRIM_THRESHOLD: i32 = -1;
        const M_MMAP_THRESHOLD: i32 = -3;
        set(M_MMAP_THRESHOLD, size);
        set(M_TRIM_THRESHOLD, 2 * size);
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = size;
}

/// From now on, what is freed is kept for later, and all threads take from the same: for work on tables of many
/// gigabytes, of which each step would ask the system for new memory, and clear it. Threads that have memory of their
/// own already keep it. Does nothing with another C library.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const M_TRIM_THRESHOLD: i32 = -1;
        const M_MMAP_THRESHOLD: i32 = -3;
        const M_ARENA_MAX: i32 = -8;
        set(M_ARENA_MAX, 1);
        // Older ones refuse more than the usual size, which then holds.
        set(M_MMAP_THRESHOLD, USUAL);
        set(M_MMAP_THRESHOLD, i32::MAX);
        set(M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Most memory held so far, in MiB, where the system tells it.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
