//! Socket addresses: any text as hexadecimal and any bytes as an address, in both byte orders and
//! at every length. Text is decoded up to its first fault and the fault is told; what is too short
//! says how long it has to be; a longer address never loses the IP address or port that a shorter
//! one had; IP addresses print as the standard library reads them, and all print as plain ASCII.
#![no_main]

use std::net::{IpAddr, SocketAddr};

use auditparse::{Arch, MAX_SOCKADDR, SockAddr, SockAddrBytes, SockAddrError, SockAddrHexError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let decoded = SockAddrBytes::from_hex(data);
    hex_is_decoded_up_to_its_fault(&decoded, data);
    for bytes in [decoded.as_bytes(), data] {
        for arch in [None, Some(LITTLE), Some(BIG)] {
            every_prefix_is_sound(bytes, arch);
        }
        only_the_byte_order_matters(bytes);
    }
});

const LITTLE: Arch = Arch::X86_64;
/// s390x.
const BIG: Arch = Arch::from_number(0x8000_0016);

fn hex_is_decoded_up_to_its_fault(decoded: &SockAddrBytes, text: &[u8]) {
    let pairs = text.chunks_exact(2).map_while(|pair| {
        let digits = pair.iter().all(u8::is_ascii_hexdigit).then_some(pair)?;
        u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    });
    let whole: Vec<u8> = pairs.collect();
    let kept = whole.len().min(MAX_SOCKADDR);
    assert_eq!(decoded.as_bytes(), &whole[..kept]);

    let rest = &text[2 * kept..];
    let fault = match rest {
        [] => None,
        _ if kept == MAX_SOCKADDR => Some(SockAddrHexError::TooLong),
        [digit] if digit.is_ascii_hexdigit() => Some(SockAddrHexError::OddDigit),
        _ => rest
            .iter()
            .position(|byte| !byte.is_ascii_hexdigit())
            .map(|at| SockAddrHexError::NotHex(2 * kept + at)),
    };
    assert_eq!(decoded.problem(), fault);
}

fn every_prefix_is_sound(bytes: &[u8], arch: Option<Arch>) {
    let mut needed = None;
    let mut endpoint = (None, None);
    for length in 0..=bytes.len().min(MAX_SOCKADDR) {
        match SockAddr::decode(&bytes[..length], arch) {
            Ok(address) => {
                assert!(needed.is_none_or(|needed| needed == length), "too short before");
                needed = None;
                let found = (address.ip(), address.port());
                assert!(endpoint == (None, None) || endpoint == found);
                endpoint = found;
                assert_eq!(found.0.is_some(), found.1.is_some());
            }
            Err(SockAddrError::TooShort { expected, found, .. }) => {
                assert!(found == length && expected > length);
                assert_eq!(endpoint, (None, None), "lost by a longer address");
                needed = Some(expected);
            }
            Err(error) => panic!("{error}"),
        }
    }
    if let Ok(address) = SockAddr::decode(bytes, arch) {
        shown_as_std_reads_it(&address);
        let canonical = address.ip().map(|ip| ip.to_canonical());
        assert_eq!(address.unmapped().ip(), canonical);
        assert_eq!(address.unmapped().port(), address.port());
    }
}

fn shown_as_std_reads_it(address: &SockAddr<'_>) {
    let shown = address.to_string();
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown:?}");
    if let (Some(ip), Some(port)) = (address.ip(), address.port()) {
        let read: SocketAddr = shown.parse().expect("address and port");
        assert_eq!((read.ip(), read.port()), (ip, port));
        if let (SocketAddr::V6(read), SockAddr::Inet6 { scope, .. }) = (read, *address) {
            assert_eq!(read.scope_id(), scope);
        }
    }
}

fn only_the_byte_order_matters(bytes: &[u8]) {
    let ends = [LITTLE, BIG].map(|arch| SockAddr::decode(bytes, Some(arch)));
    let token = |number| SockAddr::decode(bytes, Some(Arch::from_number(number)));
    // x32, i386, aarch64, arm, ppc64le, riscv64, loongarch64, mipsel; mips, mips64, ppc64, sparc64, parisc.
    for number in [
        0x4000_003e,
        0x4000_0003,
        0xc000_00b7,
        0x4000_0028,
        0xc000_0015,
        0xc000_00f3,
        0xc000_0102,
        0x4000_0008,
    ] {
        assert_eq!(token(number), ends[0]);
    }
    for number in [0x0000_0008, 0x8000_0008, 0x8000_0015, 0x8000_002b, 0x0000_000f] {
        assert_eq!(token(number), ends[1]);
    }
    assert!(ends.contains(&SockAddr::decode(bytes, None)));

    // The same endpoint as a host of the other byte order writes it.
    if let [low, high, rest @ ..] = bytes
        && let Ok(address) = ends[0]
        && let Some(IpAddr::V4(_) | IpAddr::V6(_)) = address.ip()
    {
        let swapped = [&[*high, *low], rest].concat();
        for arch in [None, Some(BIG)] {
            let other = SockAddr::decode(&swapped, arch).expect("the same length");
            assert_eq!((other.ip(), other.port()), (address.ip(), address.port()));
        }
    }
}
