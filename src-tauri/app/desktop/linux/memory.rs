//! Memory that a start or a window took, and that the program needs no more while nobody looks at it: what the C
//! library keeps for its next wish, and the program's own code that ran once.
#![expect(unsafe_code, reason = "the C library's own functions, each with its reason beside it")]

use std::{
    ffi::{c_int, c_void},
    ptr,
};

/// Gives it back to the system. Takes a few milliseconds.
pub fn give_back() {
    // SAFETY: it takes no pointer, touches nothing that is in use, and may be called from any thread (malloc_trim(3)).
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
    // SAFETY: the function lives as long as the program, and gets no data of ours.
    unsafe {
        libc::dl_iterate_phdr(Some(let_go_of_code), ptr::null_mut());
    }
}

/// Lets go of the pages of code of one loaded object, and ends the walk: the first one is the program itself
/// (dl_iterate_phdr(3)), and only its own code is ours to judge. The file's pages stay where the system caches files,
/// for as long as it has room: what runs again is there again without reading anything.
///
/// # Safety
/// Called by `dl_iterate_phdr` alone, which passes a description that is whole.
unsafe extern "C" fn let_go_of_code(object: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
    // SAFETY: both are the loader's, who holds its lock while this runs.
    let (base, headers) = unsafe {
        let object = &*object;
        (object.dlpi_addr, std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)))
    };
    let code = |flags| flags & libc::PF_X != 0 && flags & libc::PF_W == 0;
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && code(header.p_flags)) {
        // Whole pages within the segment (its alignment is some number of them): what lies at its ends may belong to
        // a neighbour, which is written to.
        let pages = header.p_align.max(4096);
        let from = (base + header.p_vaddr).next_multiple_of(pages);
        let to = (base + header.p_vaddr + header.p_filesz) / pages * pages;
        let whole = (usize::try_from(from), usize::try_from(to.saturating_sub(from)));
        let (Ok(from), Ok(length)) = whole else { continue };
        // SAFETY: a mapping of a file that is private and was never written to, so that each page comes again from the
        // file just as it was (madvise(2), MADV_DONTNEED). It may fail: then nothing is let go of.
        unsafe {
            libc::madvise(ptr::with_exposed_provenance_mut(from), length, libc::MADV_DONTNEED);
        }
    }
    1
}
