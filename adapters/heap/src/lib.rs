#![doc = include_str!("../README.md")]

use std::fs;

/// Gives freed memory back to the system. Takes about a millisecond for every
/// hundred megabytes of heap; does nothing where the allocator is not glibc's.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: `malloc_trim` takes no pointer, may be called at any time from
        // any thread, and touches only memory that nobody owns.
        #[allow(unsafe_code, reason = "the C library offers no safe way")]
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

/// How much memory of the process is in RAM, in bytes, where the system says.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn memory_in_small_pieces_is_given_back() {
    let resident = || resident_bytes().expect("this is Linux");
    let mut crowd: Vec<_> = (0..100_000).map(|_| vec![1_u8; 1_000].into_boxed_slice()).collect();
    // Somebody stays at the end of the heap, as somebody always does.
    let last = crowd.pop();
    let full = resident();
    drop(crowd);
    give_back();
    let left = resident();
    assert!(left + 50_000_000 < full, "{full} bytes before, {left} after");
    drop(last);
}
