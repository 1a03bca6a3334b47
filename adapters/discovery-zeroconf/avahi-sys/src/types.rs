//! The types and constants of `avahi-common` and `avahi-client`, as bindgen
//! would spell them.

use std::ffi::{c_char, c_int, c_uint, c_void};

/// Things behind a pointer that only Avahi looks into.
macro_rules! opaque {
    ($($name:ident)+) => {
        $(
            #[repr(C)]
            #[derive(Debug)]
            pub struct $name {
                _private: [u8; 0],
            }
        )+
    };
}

opaque! {
    AvahiAddress AvahiClient AvahiEntryGroup AvahiPoll AvahiServiceBrowser AvahiServiceResolver
    AvahiSimplePoll AvahiStringList
}

#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvahiClientFlags(pub c_uint);

pub type AvahiBrowserEvent = c_uint;
pub type AvahiClientState = c_uint;
pub type AvahiEntryGroupState = c_uint;
pub type AvahiIfIndex = c_int;
pub type AvahiLookupFlags = c_uint;
pub type AvahiLookupResultFlags = c_uint;
pub type AvahiProtocol = c_int;
pub type AvahiPublishFlags = c_uint;
pub type AvahiResolverEvent = c_uint;

pub const AVAHI_ADDRESS_STR_MAX: u32 = 40;
pub const AVAHI_ERR_FAILURE: c_int = -1;
pub const AVAHI_ERR_NO_DAEMON: c_int = -26;
pub const AVAHI_IF_UNSPEC: c_int = -1;
pub const AVAHI_PROTO_UNSPEC: c_int = -1;
pub const AvahiServerState_AVAHI_SERVER_INVALID: c_uint = 0;
pub const AvahiServerState_AVAHI_SERVER_COLLISION: c_uint = 3;
pub const AvahiServerState_AVAHI_SERVER_FAILURE: c_uint = 4;
pub const AvahiClientState_AVAHI_CLIENT_FAILURE: c_uint = 100;
pub const AvahiEntryGroupState_AVAHI_ENTRY_GROUP_ESTABLISHED: c_uint = 2;
pub const AvahiEntryGroupState_AVAHI_ENTRY_GROUP_COLLISION: c_uint = 3;
pub const AvahiEntryGroupState_AVAHI_ENTRY_GROUP_FAILURE: c_uint = 4;
pub const AvahiBrowserEvent_AVAHI_BROWSER_NEW: c_uint = 0;
pub const AvahiBrowserEvent_AVAHI_BROWSER_REMOVE: c_uint = 1;
pub const AvahiBrowserEvent_AVAHI_BROWSER_FAILURE: c_uint = 4;
pub const AvahiResolverEvent_AVAHI_RESOLVER_FOUND: c_uint = 0;
pub const AvahiResolverEvent_AVAHI_RESOLVER_FAILURE: c_uint = 1;

pub type AvahiClientCallback =
    Option<unsafe extern "C" fn(*mut AvahiClient, AvahiClientState, *mut c_void)>;

pub type AvahiEntryGroupCallback =
    Option<unsafe extern "C" fn(*mut AvahiEntryGroup, AvahiEntryGroupState, *mut c_void)>;

pub type AvahiServiceBrowserCallback = Option<
    unsafe extern "C" fn(
        *mut AvahiServiceBrowser,
        AvahiIfIndex,
        AvahiProtocol,
        AvahiBrowserEvent,
        *const c_char,
        *const c_char,
        *const c_char,
        AvahiLookupResultFlags,
        *mut c_void,
    ),
>;

pub type AvahiServiceResolverCallback = Option<
    unsafe extern "C" fn(
        *mut AvahiServiceResolver,
        AvahiIfIndex,
        AvahiProtocol,
        AvahiResolverEvent,
        *const c_char,
        *const c_char,
        *const c_char,
        *const c_char,
        *const AvahiAddress,
        u16,
        *mut AvahiStringList,
        AvahiLookupResultFlags,
        *mut c_void,
    ),
>;
