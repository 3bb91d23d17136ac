// The connections of a capture, from Rust: print_streams_rs CAPTURE [WHERE]. No crates; the declarations below
// are those of restitch/c.h that this needs.
use std::ffi::{c_char, c_int, CStr, CString};
use std::{env, mem, process, ptr, slice};

#[repr(C)]
struct Endpoint {
    address: [u8; 16],
    ip_version: u8,
    port: u16,
}

// The beginning of restitch_half: what stands behind is not asked for.
#[repr(C)]
struct Half {
    size: usize,
    sender: Endpoint,
    data: *const u8,
    data_size: usize,
    byte_count: u64,
}

// The same of restitch_connection …
#[repr(C)]
struct Connection {
    size: usize,
    number: u64,
    uid: *const c_char,
    community_id: *const c_char,
    client_known: c_int,
    end: c_int,
    first_seen_ns: i64,
    last_seen_ns: i64,
    first_packet: u64,
    client: *const Half,
    server: *const Half,
}

// … and of restitch_reader_options: `size` says that no more is there.
#[repr(C)]
struct ReaderOptions {
    size: usize,
    filter: *const c_char,
    wanted: *const c_char,
}

#[repr(C)]
struct Reader {
    _private: [u8; 0],
}

extern "C" {
    fn restitch_error() -> *const c_char;
    fn restitch_end_name(end: c_int) -> *const c_char;
    fn restitch_endpoint_text(endpoint: *const Endpoint, text: *mut c_char) -> *mut c_char;
    fn restitch_reader_open(
        reader: *mut *mut Reader,
        paths: *const *const c_char,
        count: usize,
        options: *const ReaderOptions,
    ) -> c_int;
    fn restitch_reader_next(reader: *mut Reader, connection: *mut *const Connection) -> c_int;
    fn restitch_reader_close(reader: *mut Reader);
}

fn text(from: *const c_char) -> String {
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

fn say(half: &Half) {
    let mut room: [c_char; 64] = [0; 64];
    let sender = text(unsafe { restitch_endpoint_text(&half.sender, room.as_mut_ptr()) });
    let data = match half.data_size {
        0 => &[],
        size => unsafe { slice::from_raw_parts(half.data, size) },
    };
    let sum = data.iter().fold(0u64, |sum, byte| sum.wrapping_add(u64::from(*byte)));
    println!("{} says {} bytes, whose sum is {}", sender, data.len(), sum);
}

fn main() {
    let arguments: Vec<CString> = env::args().skip(1).map(|word| CString::new(word).unwrap()).collect();
    let paths = [arguments.first().map_or(ptr::null(), |path| path.as_ptr())];
    let options = ReaderOptions {
        size: mem::size_of::<ReaderOptions>(),
        filter: ptr::null(),
        wanted: arguments.get(1).map_or(ptr::null(), |text| text.as_ptr()),
    };
    let mut reader = ptr::null_mut();
    if unsafe { restitch_reader_open(&mut reader, paths.as_ptr(), arguments.len().min(1), &options) } < 0 {
        eprintln!("{}", text(unsafe { restitch_error() }));
        process::exit(2);
    }
    let mut found: *const Connection = ptr::null();
    let status = loop {
        let status = unsafe { restitch_reader_next(reader, &mut found) };
        if status != 0 {
            break status;
        }
        let connection = unsafe { &*found };
        say(unsafe { &*connection.client });
        say(unsafe { &*connection.server });
        println!("{} ended: {}", text(connection.uid), text(unsafe { restitch_end_name(connection.end) }));
    };
    if status < 0 {
        eprintln!("{}", text(unsafe { restitch_error() }));
    }
    unsafe { restitch_reader_close(reader) };
    process::exit(if status < 0 { 2 } else { 0 });
}
