//! How large a document is, in every way in which a small text can ask for much: counted before anything of it runs.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};

/// Levels that may be nested, fragments written out; async-graphql itself bears 32.
const DEEPEST: usize = 256;

/// How many lexical tokens a text has (GraphQL, section 2.1.6), at most `limit + 1` are counted. A text that is no
/// document has some number, too.
pub(super) fn tokens(text: &str, limit: usize) -> usize {
    let mut rest = text.as_bytes();
    let mut count = 0;
    while let Some((&first, after)) = rest.split_first() {
        rest = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => after,
            b'#' => skip_while(after, |byte| byte != b'\n' && byte != b'\r'),
            _ => {
                count += 1;
                if count > limit {
                    return count;
                }
                match first {
                    b'"' => after_string(after),
                    b'.' => skip_while(after, |byte| byte == b'.'),
                    b'-' | b'0'..=b'9' => skip_while(after, |byte| is_word(byte) || b"+-.".contains(&byte)),
                    _ if is_word(first) => skip_while(after, is_word),
                    _ => after,
                }
            }
        };
    }
    count
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip_while(text: &[u8], skip: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|byte| !skip(*byte)).unwrap_or(text.len());
    &text[end..]
}

/// What follows a string whose first quote was read.
fn after_string(text: &[u8]) -> &[u8] {
    let block = text.starts_with(b"\"\"");
    let (mut rest, end): (&[u8], &[u8]) = if block {
        (&text[2..], b"\"\"\"")
    } else {
        (text, b"\"")
    };
    loop {
        if rest.starts_with(end) {
            return &rest[end.len()..];
        }
        rest = match rest {
            [] => return rest,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
        };
    }
}

/// Counts of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Selections with fragments written out at every place that spreads them; `usize::MAX` for more than can be
    /// counted.
    pub(super) selections: usize,
    /// Aliases, as written.
    pub(super) aliases: usize,
    /// Directives, as written.
    pub(super) directives: usize,
}

impl Size {
    /// Measures a document; none if its fragments never end.
    ///
    /// async-graphql 7 walks fragments once for every spread, so that 500 bytes of fragments spreading one another
    /// eight times each keep a core busy for minutes. Here each fragment is counted once.
    pub(super) fn of(document: &ExecutableDocument) -> Option<Self> {
        let mut counter = Counter {
            document,
            known: HashMap::new(),
            depth: 0,
            is_cyclic: false,
            size: Self::default(),
        };
        let mut selections = 0usize;
        for (_, operation) in document.operations.iter() {
            counter.size.directives += operation.node.directives.len();
            selections = selections.saturating_add(counter.set(&operation.node.selection_set.node));
        }
        // Fragments that no operation uses are validated, too.
        for name in document.fragments.keys() {
            selections = selections.max(counter.fragment(name));
        }
        (!counter.is_cyclic).then_some(Self {
            selections,
            ..counter.size
        })
    }
}

/// How many fields an operation has at its root, fragments written out. For documents whose fragments end.
pub(super) fn root_fields(operation: &OperationDefinition, document: &ExecutableDocument) -> usize {
    fn fields(set: &SelectionSet, document: &ExecutableDocument) -> usize {
        set.items
            .iter()
            .map(|item| match &item.node {
                Selection::Field(_) => 1,
                Selection::InlineFragment(fragment) => fields(&fragment.node.selection_set.node, document),
                Selection::FragmentSpread(spread) => document
                    .fragments
                    .get(&spread.node.fragment_name.node)
                    .map_or(0, |fragment| fields(&fragment.node.selection_set.node, document)),
            })
            .sum()
    }
    fields(&operation.selection_set.node, document)
}

/// Counts selections, remembering what it knows of each fragment: its size, or that it is being counted.
struct Counter<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a str, Option<usize>>,
    depth: usize,
    is_cyclic: bool,
    size: Size,
}

impl<'a> Counter<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> usize {
        if self.depth == DEEPEST {
            return usize::MAX;
        }
        self.depth += 1;
        let mut sum: usize = 0;
        for item in &set.items {
            let (inner, directives) = match &item.node {
                Selection::Field(field) => {
                    self.size.aliases += usize::from(field.node.alias.is_some());
                    (
                        self.set(&field.node.selection_set.node),
                        field.node.directives.len(),
                    )
                }
                Selection::InlineFragment(fragment) => (
                    self.set(&fragment.node.selection_set.node),
                    fragment.node.directives.len(),
                ),
                Selection::FragmentSpread(spread) => (
                    self.fragment(&spread.node.fragment_name.node),
                    spread.node.directives.len(),
                ),
            };
            self.size.directives += directives;
            sum = sum.saturating_add(1).saturating_add(inner);
        }
        self.depth -= 1;
        sum
    }

    fn fragment(&mut self, name: &'a str) -> usize {
        match self.known.get(name) {
            Some(Some(size)) => *size,
            // Being counted further up.
            Some(None) => {
                self.is_cyclic = true;
                0
            }
            None => {
                let Some(fragment) = self.document.fragments.get(name) else {
                    return 0;
                };
                self.known.insert(name, None);
                self.size.directives += fragment.node.directives.len();
                let size = self.set(&fragment.node.selection_set.node);
                self.known.insert(name, Some(size));
                size
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn tokens_are_counted_as_the_grammar_does() {
        for (text, count) in [
            ("", 0),
            (" ,\n\t # a comment { } \r\n", 0),
            ("{ a }", 3),
            ("query Q($a: Int! = -1.5e+3) { b(c: $a) @d }", 22),
            (r#"{ a(b: "x { y \" z } # no comment") }"#, 8),
            ("{ a(b: \"\"\"one \"quoted\" \\\"\"\" two\"\"\") }", 8),
            ("{ ...f }", 4),
            ("\"never ends", 1),
        ] {
            assert_eq!(tokens(text, 1_000), count, "{text}");
        }
        assert_eq!(
            tokens(&"{a}".repeat(100), 10),
            11,
            "counts no further than it has to"
        );
    }

    #[test]
    fn aliases_and_directives_are_counted_as_written_and_fields_as_unfolded() {
        let document = "query @live { a: x ...f @include(if: true) ...f ... @skip(if: false) { b: y } }
            fragment f on Query @tag { c: z d }";
        let document = parse_query(document).unwrap();
        let expected = Size {
            selections: 9,
            aliases: 3,
            directives: 4,
        };
        assert_eq!(Size::of(&document), Some(expected));
        let (_, operation) = document.operations.iter().next().unwrap();
        assert_eq!(root_fields(&operation.node, &document), 6);
    }
}
