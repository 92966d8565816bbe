//! Has the executor's file use loom's locks and atomics instead of the standard library's.

fn main() {
    println!("cargo::rustc-cfg=loom");
}
