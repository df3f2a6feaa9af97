//! GDAL, loaded when it is first called. A process that has no need of it (a question to the outputs of a
//! run, `--help`) starts tens of milliseconds earlier, and where there is none says so in plain words.
//!
//! `build.rs` writes, for each function of GDAL that this program calls, a few instructions of that name
//! which jump through a slot. At first the slot leads here: the library is loaded, the function looked up,
//! the slot set, and the call goes on as if nothing had happened. On other systems GDAL is linked as usual.

#[cfg(late_gdal)]
mod linux {
    use std::arch::global_asm;
    use std::ffi::{CStr, CString, c_char, c_int, c_void};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicPtr, Ordering};

    // The instructions of each function.
    global_asm!(
        include_str!(concat!(env!("OUT_DIR"), "/late.s")),
        options(att_syntax)
    );

    // Keeps the arguments of a call while its function is found: the registers that may hold any, by the
    // System V convention, and the count of those that a variadic call passes in %al.
    global_asm!(
        ".text",
        ".type millesime_late_common,@function",
        "millesime_late_common:",
        "pushq %rax",
        "pushq %rdi",
        "pushq %rsi",
        "pushq %rdx",
        "pushq %rcx",
        "pushq %r8",
        "pushq %r9",
        "subq $128, %rsp",
        "movups %xmm0, (%rsp)",
        "movups %xmm1, 16(%rsp)",
        "movups %xmm2, 32(%rsp)",
        "movups %xmm3, 48(%rsp)",
        "movups %xmm4, 64(%rsp)",
        "movups %xmm5, 80(%rsp)",
        "movups %xmm6, 96(%rsp)",
        "movups %xmm7, 112(%rsp)",
        "movq %r11, %rdi",
        "movq %r10, %rsi",
        "call {found}",
        "movq %rax, %r11",
        "movups (%rsp), %xmm0",
        "movups 16(%rsp), %xmm1",
        "movups 32(%rsp), %xmm2",
        "movups 48(%rsp), %xmm3",
        "movups 64(%rsp), %xmm4",
        "movups 80(%rsp), %xmm5",
        "movups 96(%rsp), %xmm6",
        "movups 112(%rsp), %xmm7",
        "addq $128, %rsp",
        "popq %r9",
        "popq %r8",
        "popq %rcx",
        "popq %rdx",
        "popq %rsi",
        "popq %rdi",
        "popq %rax",
        "jmp *%r11",
        found = sym found,
        options(att_syntax),
    );

    unsafe extern "C" {
        fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
        fn dlerror() -> *const c_char;
    }

    const RTLD_LAZY: c_int = 1;
    const RTLD_GLOBAL: c_int = 0x100;

    struct Library(*mut c_void);

    // SAFETY: a handle of the loader may be used from any thread.
    unsafe impl Send for Library {}
    // SAFETY: and from several at once.
    unsafe impl Sync for Library {}

    static LIBRARY: OnceLock<Library> = OnceLock::new();

    /// Finds a function of GDAL and sets its slot.
    ///
    /// # Safety
    ///
    /// `name` ends with a zero, and `slot` is that of the function.
    unsafe extern "C" fn found(name: *const c_char, slot: &AtomicPtr<c_void>) -> *mut c_void {
        let library = LIBRARY.get_or_init(|| {
            let file = CString::new(env!("MILLESIME_LIBGDAL")).unwrap_or_default();
            // SAFETY: the name ends with a zero.
            Library(unsafe { dlopen(file.as_ptr(), RTLD_LAZY | RTLD_GLOBAL) })
        });
        if library.0.is_null() {
            missing("it is not on this machine");
        }
        // SAFETY: the library is loaded, the name ends with a zero.
        let function = unsafe { dlsym(library.0, name) };
        if function.is_null() {
            missing("it lacks a function that this program was built with");
        }
        slot.store(function, Ordering::Release);
        function
    }

    /// Ends the program: a call cannot go on without what it calls.
    fn missing(what: &str) -> ! {
        // SAFETY: the loader gives a string that ends with a zero, or nothing.
        let why = unsafe {
            let text = dlerror();
            match text.is_null() {
                true => String::new(),
                false => CStr::from_ptr(text).to_string_lossy().into_owned(),
            }
        };
        eprintln!(
            "error: {}: {what} ({why})\n  → install GDAL, the release that this program was built with",
            env!("MILLESIME_LIBGDAL")
        );
        std::process::exit(2);
    }
}
