//! Texts of C that strangers wrote.

use std::{
    ffi::{CStr, c_char, c_int},
    slice, str,
};

use crate::{
    functions::{avahi_strdup, avahi_string_list_get_pair as get_pair},
    types::AvahiStringList,
};

/// As in Avahi, except that key and value are always valid UTF-8, and that an
/// entry without a value has an empty one, as RFC 6763 6.4 lets readers do.
///
/// # Safety
///
/// As in Avahi.
pub unsafe fn avahi_string_list_get_pair(
    list: *mut AvahiStringList,
    key: *mut *mut c_char,
    value: *mut *mut c_char,
    size: *mut usize,
) -> c_int {
    // SAFETY: the caller promises what the C function asks for; what that hands
    // back are texts that end in a zero and belong to the caller alone.
    unsafe {
        let result = get_pair(list, key, value, size);
        if result == 0 {
            if (*value).is_null() {
                *value = avahi_strdup(c"".as_ptr());
            }
            mend(*key);
            mend(*value);
        }
        result
    }
}

/// Puts a question mark in the place of every byte of `text` that keeps it from
/// being UTF-8. A null pointer is left alone.
///
/// # Safety
///
/// `text` is null, or ends in a zero byte and belongs to the caller alone.
unsafe fn mend(text: *mut c_char) {
    if text.is_null() {
        return;
    }
    // SAFETY: the caller promises a text that ends in a zero byte and that nobody
    // else reads; its length without that byte stays what it was.
    let bytes = unsafe {
        let length = CStr::from_ptr(text).count_bytes();
        slice::from_raw_parts_mut(text.cast::<u8>(), length)
    };
    while let Err(error) = str::from_utf8(bytes) {
        let bad = error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - bad);
        bytes[bad..bad + length].fill(b'?');
    }
}

#[test]
fn bytes_that_are_no_text_become_question_marks() {
    let table: [(&[u8], &str); 5] = [
        (b"plain\0", "plain"),
        ("zwölf\0".as_bytes(), "zwölf"),
        (b"a\xffb\xc3\0", "a?b?"),
        (b"\xed\xa0\x80\0", "???"),
        (b"\0", ""),
    ];
    for (raw, expected) in table {
        let mut bytes = raw.to_vec();
        let text = bytes.as_mut_ptr().cast::<c_char>();
        // SAFETY: `bytes` ends in a zero and is ours.
        unsafe { mend(text) };
        assert_eq!(CStr::from_bytes_until_nul(&bytes).unwrap().to_str(), Ok(expected));
    }
}
