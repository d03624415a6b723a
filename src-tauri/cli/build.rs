//! Half a megabyte of `latch` would be addresses for the loader to correct, one by one: in the packed form
//! (DT_RELR, glibc 2.36, which is Debian 12's) they take a few thousand bytes.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,--pack-dyn-relocs=relr");
    }
}
