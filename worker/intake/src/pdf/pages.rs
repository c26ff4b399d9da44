//! How many pages a document has (ISO 32000-2, 7.7.3): counted, not believed.

use std::collections::HashSet;

use super::{
    objects::Document,
    syntax::{Dictionary, Value},
};
use crate::{MAX_PAGES, Refused};

/// How many nodes may be looked at, dead ones included.
const MAX_NODES: usize = 10_000;

/// Counts the pages.
pub(super) fn count(document: &Document<'_, '_>) -> Result<u32, Refused> {
    for catalog in document.catalogs() {
        if let Value::Dictionary(catalog) = document.resolve(&Value::Reference(catalog))?
            && let Some(root) = catalog.get(b"Pages")
            && let Value::Dictionary(tree) = document.resolve(root)?
        {
            // Viewers lay out as many pages as the root says.
            if let Some(said) = tree.get(b"Count")
                && let Value::Integer(said) = document.resolve(said)?
                && said > i64::from(MAX_PAGES)
            {
                return Err(Refused::TooManyPages);
            }
            let mut seen = HashSet::new();
            if let Value::Reference(number) = root {
                seen.insert(*number);
            }
            return leaves(document, &tree, seen);
        }
    }
    Err(Refused::UndecodablePdf("no catalog with pages"))
}

fn leaves<'v>(
    document: &'v Document<'_, '_>,
    tree: &Dictionary<'v>,
    mut seen: HashSet<u32>,
) -> Result<u32, Refused> {
    let mut pages = 0;
    let mut nodes = 0;
    let mut ahead = kids(document, tree)?;
    while let Some(kid) = ahead.pop() {
        nodes += 1;
        if nodes > MAX_NODES {
            return Err(Refused::TooComplexPdf("a tree of pages with very many nodes"));
        }
        let Value::Dictionary(node) = document.resolve(&kid)? else {
            continue;
        };
        if node.get(b"Kids").is_none() {
            if !node.says(b"Type", b"Pages") {
                pages += 1;
            }
            if pages > MAX_PAGES {
                return Err(Refused::TooManyPages);
            }
            continue;
        }
        // One page may stand twice in the tree; a branch that does, grows without end.
        if let Value::Reference(number) = kid
            && !seen.insert(number)
        {
            return Err(Refused::UndecodablePdf("a tree of pages that holds itself"));
        }
        ahead.extend(kids(document, &node)?);
        if ahead.len() > MAX_NODES {
            return Err(Refused::TooComplexPdf("a tree of pages with very many nodes"));
        }
    }
    match pages {
        0 => Err(Refused::NoPages),
        pages => Ok(pages),
    }
}

fn kids<'v>(document: &'v Document<'_, '_>, node: &Dictionary<'v>) -> Result<Vec<Value<'v>>, Refused> {
    match node.get(b"Kids") {
        Some(kids) => match document.resolve(kids)? {
            Value::Array(kids) => Ok(kids),
            _ => Ok(Vec::new()),
        },
        None => Ok(Vec::new()),
    }
}
