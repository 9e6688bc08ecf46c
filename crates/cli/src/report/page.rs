//! The HTML file: template, styles, scripts and data in one.
//!
//! Nothing is loaded, and nothing but the scripts and styles of `assets/` is
//! executed: a content security policy names them by their hashes. The data are
//! JSON that the browser does not look at, in which nothing can end the element
//! around it; the scripts only ever make text of them.

use std::io::{self, Write};

use anyhow::Result;
use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::document::Document;
use super::embedded::embedded;

const STYLE: &str = concat!(
    include_str!("assets/theme.css"),
    include_str!("assets/layout.css"),
    include_str!("assets/parts.css")
);

const SCRIPT: &str = concat!(
    include_str!("assets/text.js"),
    include_str!("assets/data.js"),
    include_str!("assets/selection.js"),
    include_str!("assets/overview.js"),
    include_str!("assets/lanes.js"),
    include_str!("assets/flow.js"),
    include_str!("assets/copy.js"),
    include_str!("assets/detail.js"),
    include_str!("assets/anomalies.js"),
    include_str!("assets/ports.js"),
    include_str!("assets/inforce.js"),
    include_str!("assets/main.js")
);

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    style: &'a str,
    style_hash: &'a str,
    script: &'a str,
    script_hash: &'a str,
    data: &'a str,
    version: &'a str,
}

/// Writes the page of documents, of which there is one for each job.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn write(documents: &[Document], out: &mut impl Write) -> Result<()> {
    let data = embedded(&serde_json::to_string(documents)?);
    let page = Page {
        style: STYLE,
        style_hash: &hash(STYLE),
        script: SCRIPT,
        script_hash: &hash(SCRIPT),
        data: &data,
        version: env!("CARGO_PKG_VERSION"),
    };
    out.write_all(page.render().map_err(io::Error::other)?.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// What a content security policy calls a script or style by.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::room::OF_PAGE;

    #[test]
    fn the_page_leaves_room_for_the_data() {
        assert!(STYLE.len() + SCRIPT.len() + include_str!("page.html").len() < OF_PAGE);
    }

    #[test]
    fn a_hash_is_what_a_browser_takes() {
        // By `printf '' | openssl dgst -sha256 -binary | base64`.
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn the_assets_cannot_end_their_elements() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
