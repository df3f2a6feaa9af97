//! Where it can be, GDAL is loaded when it is first called and not when the program starts: it brings a
//! hundred libraries, and takes longer to load than most questions to answer (see `src/late`).

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

const FUNCTIONS: &str = "src/late/gdal-functions.txt";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={FUNCTIONS}");
    println!("cargo:rustc-check-cfg=cfg(late_gdal)");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|v| v == value);
    let is_known = is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_ENV", "gnu");
    // Elsewhere, or where the library cannot be named, it is linked as any other.
    let Some(library) = library().filter(|_| is_known) else {
        return;
    };
    let functions = fs::read_to_string(FUNCTIONS).unwrap_or_default();
    let mut assembly = String::new();
    for function in functions.split_whitespace() {
        // A call goes where the slot says: first to what finds the function and sets the slot, then to
        // the function itself. Hidden, so that GDAL's calls to itself do not come here.
        let _ = write!(
            assembly,
            ".pushsection .text.late.{function},\"ax\",@progbits\n\
             .globl {function}\n.hidden {function}\n.type {function},@function\n\
             {function}:\njmp *.Lslot_{function}(%rip)\n\
             .Lfirst_{function}:\n\
             leaq .Lname_{function}(%rip), %r11\nleaq .Lslot_{function}(%rip), %r10\n\
             jmp millesime_late_common\n.popsection\n\
             .pushsection .data.late.{function},\"aw\",@progbits\n.balign 8\n\
             .Lslot_{function}: .quad .Lfirst_{function}\n.popsection\n\
             .pushsection .rodata.late.{function},\"a\",@progbits\n\
             .Lname_{function}: .asciz \"{function}\"\n.popsection\n"
        );
    }
    let out = env::var("OUT_DIR").unwrap_or_default();
    if fs::write(Path::new(&out).join("late.s"), assembly).is_ok() {
        println!("cargo:rustc-env=MILLESIME_LIBGDAL={library}");
        println!("cargo:rustc-cfg=late_gdal");
    }
}

/// The name that the system's GDAL is loaded by, such as `libgdal.so.32`.
fn library() -> Option<String> {
    let own = ["GDAL_STATIC", "GDAL_HOME", "GDAL_LIB_DIR"];
    if own.iter().any(|variable| env::var_os(variable).is_some()) {
        return None;
    }
    // The compiler that links knows where it finds libraries.
    let said = Command::new("cc")
        .arg("-print-file-name=libgdal.so")
        .output()
        .ok()?;
    let path = String::from_utf8(said.stdout).ok()?;
    let target = fs::read_link(path.trim()).ok()?;
    Some(target.file_name()?.to_str()?.to_owned())
}
