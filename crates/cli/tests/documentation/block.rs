//! Fenced blocks and commands of a page in Markdown.

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// What stands behind the fence.
    pub(crate) info: String,
    pub(crate) text: String,
}

impl Block {
    /// All blocks of a page, in order.
    pub(crate) fn all_of(page: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for line in page.lines() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(info), None) => {
                    open = Some(Block { info: info.to_owned(), text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "a block has no end: {open:?}");
        blocks
    }
}

/// Commands in the text and in tables that name files of the corpus.
pub(crate) fn inline_commands(page: &str) -> Vec<String> {
    let outside = page.split("\n```").step_by(2);
    let spans = outside.flat_map(|text| text.split('`').skip(1).step_by(2));
    spans
        .filter(|span| span.starts_with("rareport ") && span.contains("corpus/"))
        .map(str::to_owned)
        .collect()
}
