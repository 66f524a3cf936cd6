//! Decompresses bodies, up to a limit: a small body may hold a very large one. Reading it from the wire is `exchange.rs`'s.

use std::io::Read;

use crate::report::{Unmeasured, UnmeasuredKind};

/// What we say that we can read.
pub(super) const ACCEPTED: &str = "gzip, br";

/// The body without its encodings. Those that nobody asked for stay.
pub(super) fn decode(raw: Vec<u8>, headers: &[(String, String)], most: u64) -> Result<Vec<u8>, Unmeasured> {
    let mut body = raw;
    let encodings =
        headers.iter().filter(|(name, _)| name == "content-encoding").flat_map(|(_, value)| value.split(','));
    // The last one was applied last.
    for encoding in encodings.map(|encoding| encoding.trim().to_ascii_lowercase()).collect::<Vec<_>>().iter().rev() {
        if body.is_empty() {
            break;
        }
        body = match encoding.as_str() {
            "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(body.as_slice()), most)?,
            "br" => read(brotli_decompressor::Decompressor::new(body.as_slice(), 4096), most)?,
            "identity" | "" => continue,
            _ => break,
        };
    }
    Ok(body)
}

/// What is told of a body beyond the limit.
pub(super) fn too_large(most: u64) -> Unmeasured {
    Unmeasured { kind: UnmeasuredKind::TooLarge, detail: format!("more than {most} bytes") }
}

fn read(decoder: impl Read, most: u64) -> Result<Vec<u8>, Unmeasured> {
    let mut body = Vec::new();
    decoder.take(most.saturating_add(1)).read_to_end(&mut body).map_err(|error| Unmeasured {
        kind: UnmeasuredKind::CutShort,
        detail: format!("it cannot be decompressed: {error}"),
    })?;
    if body.len() as u64 > most { Err(too_large(most)) } else { Ok(body) }
}
