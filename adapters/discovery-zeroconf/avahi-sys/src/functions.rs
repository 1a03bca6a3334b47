//! The functions, each with what it answers where the library is absent.

use std::{
    ffi::{c_char, c_int, c_uint, c_void},
    ptr::null_mut,
    sync::OnceLock,
};

use libloading::Library;

use crate::types::{
    AVAHI_ERR_FAILURE, AVAHI_ERR_NO_DAEMON, AvahiAddress, AvahiClient, AvahiClientCallback,
    AvahiClientFlags, AvahiEntryGroup, AvahiEntryGroupCallback, AvahiIfIndex, AvahiLookupFlags,
    AvahiPoll, AvahiProtocol, AvahiPublishFlags, AvahiServiceBrowser, AvahiServiceBrowserCallback,
    AvahiServiceResolver, AvahiServiceResolverCallback, AvahiSimplePoll, AvahiStringList,
};

/// The library; it brings `libavahi-common.so.3` along.
const LIBRARY: &str = "libavahi-client.so.3";

/// Declares the functions: `name(parameters) -> result, answer without library`.
macro_rules! functions {
    ($( $name:ident($($parameter:ident: $type:ty),*) -> $result:ty, $absent:expr; )+) => {
        /// The functions of an open library.
        struct Functions {
            $( $name: unsafe extern "C" fn($($type),*) -> $result, )+
            // Invariant: outlives the pointers above.
            _library: Library,
        }

        impl Functions {
            /// Every function of the library called `file`, or nothing.
            fn open(file: &str) -> Option<Self> {
                // SAFETY: Avahi's libraries do nothing when they are loaded, and
                // the types are those of their headers, whose interface has had
                // the number 3 since 2008.
                unsafe {
                    let library = Library::new(file).ok()?;
                    Some(Self {
                        $( $name: *library.get(concat!(stringify!($name), "\0").as_bytes()).ok()?, )+
                        _library: library,
                    })
                }
            }
        }

        $(
            pub unsafe fn $name($($parameter: $type),*) -> $result {
                match functions() {
                    // SAFETY: the caller promises what the C function asks for.
                    Some(functions) => unsafe { (functions.$name)($($parameter),*) },
                    None => $absent,
                }
            }
        )+
    };
}

fn functions() -> Option<&'static Functions> {
    static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| Functions::open(LIBRARY)).as_ref()
}

functions! {
    avahi_address_snprint(text: *mut c_char, size: usize, address: *const AvahiAddress)
        -> *mut c_char, text;
    avahi_alternative_service_name(name: *const c_char) -> *mut c_char, name.cast_mut();
    avahi_client_errno(client: *mut AvahiClient) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_client_free(client: *mut AvahiClient) -> (), ();
    avahi_client_get_host_name(client: *mut AvahiClient) -> *const c_char, null_mut();
    avahi_client_new(
        poll: *const AvahiPoll, flags: AvahiClientFlags, callback: AvahiClientCallback,
        userdata: *mut c_void, error: *mut c_int
    ) -> *mut AvahiClient, null_mut();
    avahi_entry_group_add_service_strlst(
        group: *mut AvahiEntryGroup, interface: AvahiIfIndex, protocol: AvahiProtocol,
        flags: AvahiPublishFlags, name: *const c_char, kind: *const c_char,
        domain: *const c_char, host: *const c_char, port: u16, txt: *mut AvahiStringList
    ) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_entry_group_add_service_subtype(
        group: *mut AvahiEntryGroup, interface: AvahiIfIndex, protocol: AvahiProtocol,
        flags: AvahiPublishFlags, name: *const c_char, kind: *const c_char,
        domain: *const c_char, subtype: *const c_char
    ) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_entry_group_commit(group: *mut AvahiEntryGroup) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_entry_group_free(group: *mut AvahiEntryGroup) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_entry_group_get_client(group: *mut AvahiEntryGroup) -> *mut AvahiClient, null_mut();
    avahi_entry_group_is_empty(group: *mut AvahiEntryGroup) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_entry_group_new(
        client: *mut AvahiClient, callback: AvahiEntryGroupCallback, userdata: *mut c_void
    ) -> *mut AvahiEntryGroup, null_mut();
    avahi_entry_group_reset(group: *mut AvahiEntryGroup) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_free(memory: *mut c_void) -> (), ();
    avahi_service_browser_free(browser: *mut AvahiServiceBrowser) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_service_browser_get_client(browser: *mut AvahiServiceBrowser)
        -> *mut AvahiClient, null_mut();
    avahi_service_browser_new(
        client: *mut AvahiClient, interface: AvahiIfIndex, protocol: AvahiProtocol,
        kind: *const c_char, domain: *const c_char, flags: AvahiLookupFlags,
        callback: AvahiServiceBrowserCallback, userdata: *mut c_void
    ) -> *mut AvahiServiceBrowser, null_mut();
    avahi_service_resolver_free(resolver: *mut AvahiServiceResolver) -> c_int, AVAHI_ERR_NO_DAEMON;
    avahi_service_resolver_new(
        client: *mut AvahiClient, interface: AvahiIfIndex, protocol: AvahiProtocol,
        name: *const c_char, kind: *const c_char, domain: *const c_char,
        address_protocol: AvahiProtocol, flags: AvahiLookupFlags,
        callback: AvahiServiceResolverCallback, userdata: *mut c_void
    ) -> *mut AvahiServiceResolver, null_mut();
    avahi_simple_poll_free(poll: *mut AvahiSimplePoll) -> (), ();
    avahi_simple_poll_get(poll: *mut AvahiSimplePoll) -> *const AvahiPoll, null_mut();
    avahi_simple_poll_iterate(poll: *mut AvahiSimplePoll, milliseconds: c_int) -> c_int, -1;
    avahi_simple_poll_loop(poll: *mut AvahiSimplePoll) -> c_int, -1;
    avahi_simple_poll_new() -> *mut AvahiSimplePoll, null_mut();
    avahi_strdup(text: *const c_char) -> *mut c_char, null_mut();
    avahi_strerror(error: c_int) -> *const c_char, c"Avahi is not installed".as_ptr();
    avahi_string_list_add_pair(
        list: *mut AvahiStringList, key: *const c_char, value: *const c_char
    ) -> *mut AvahiStringList, list;
    avahi_string_list_copy(list: *const AvahiStringList) -> *mut AvahiStringList, null_mut();
    avahi_string_list_equal(a: *const AvahiStringList, b: *const AvahiStringList)
        -> c_int, c_int::from(a == b);
    avahi_string_list_find(list: *mut AvahiStringList, key: *const c_char)
        -> *mut AvahiStringList, null_mut();
    avahi_string_list_free(list: *mut AvahiStringList) -> (), ();
    avahi_string_list_get_next(list: *mut AvahiStringList) -> *mut AvahiStringList, null_mut();
    avahi_string_list_get_pair(
        list: *mut AvahiStringList, key: *mut *mut c_char, value: *mut *mut c_char,
        size: *mut usize
    ) -> c_int, AVAHI_ERR_FAILURE;
    avahi_string_list_length(list: *const AvahiStringList) -> c_uint, 0;
    avahi_string_list_to_string(list: *mut AvahiStringList) -> *mut c_char, null_mut();
}

/// An empty list, which is what Avahi means by a null pointer. The C function
/// would take any number of texts; `zeroconf` gives it none.
#[must_use]
pub unsafe fn avahi_string_list_new(_end: *const c_char) -> *mut AvahiStringList {
    null_mut()
}

#[test]
fn without_the_library_there_are_no_functions() {
    assert!(Functions::open("libavahi-client.so.nowhere").is_none());
    assert!(Functions::open("libc.so.6").is_none(), "another library is not taken for it");
}
