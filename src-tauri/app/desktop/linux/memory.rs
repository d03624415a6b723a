//! Memory that the C library keeps for the program's next wish.
#![cfg_attr(
    target_env = "gnu",
    expect(unsafe_code, reason = "the C library's own function, with its reason beside it")
)]

/// Gives it back to the system. Takes a few milliseconds.
pub fn give_back() {
    // SAFETY: it takes no pointer, touches nothing that is in use, and may be called from any thread (malloc_trim(3)).
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
