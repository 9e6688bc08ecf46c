//! Byte strings that serialise readably where that is of use.

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A value: any bytes. In a format for people, such as JSON, it is a text if it is UTF-8, otherwise
/// a list of numbers; in other formats it is bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(Box<[u8]>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(bytes.into())
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BorrowedBytes(&self.0).serialize(serializer)
    }
}

/// A value that is kept elsewhere; serialises as [`Bytes`] do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BorrowedBytes<'a>(pub(crate) &'a [u8]);

impl Serialize for BorrowedBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(self.0);
        }
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_seq(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(BytesVisitor)
        } else {
            deserializer.deserialize_byte_buf(BytesVisitor)
        }
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(text.as_bytes().into())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element()? {
            bytes.push(byte);
        }
        Ok(Bytes(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive() {
        for (bytes, json) in [(&b"nc"[..], r#""nc""#), (b"", r#""""#), (b"\xff\0", "[255,0]")] {
            let text = serde_json::to_string(&Bytes::from(bytes)).unwrap();
            assert_eq!(text, json);
            assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap().as_ref(), bytes);
        }
    }

    #[test]
    fn a_format_that_does_not_say_what_it_holds_has_the_bytes() {
        for bytes in [&b"nc"[..], b"", b"\xff\0"] {
            let written = postcard::to_allocvec(&Bytes::from(bytes)).unwrap();
            assert_eq!(written, [&[bytes.len() as u8], bytes].concat());
            assert_eq!(postcard::from_bytes::<Bytes>(&written).unwrap().as_ref(), bytes);
        }
    }
}
