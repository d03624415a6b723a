//! What generic code was made of several times over is kept once, where no address tells the copies apart.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The linker that `.cargo/config.toml` names for it.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=safe");
    }
}
