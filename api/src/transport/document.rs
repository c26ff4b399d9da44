//! Looks at a document before it runs: which operation is meant, of which type, and whether its size is bearable. Does
//! not validate it against the schema; async-graphql does.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::{ErrorExtensionValues, Request, ServerError};

use super::TransportSettings;
use super::completion::{FieldTypes, Plan};
use super::params::Params;
use super::size::{Size, root_fields, tokens};

/// An operation that is ready to run.
pub(super) struct Operation {
    pub(super) kind: OperationType,
    /// The operation's name in the document.
    pub(super) name: Option<String>,
    pub(super) request: Request,
    /// What its results are to look like.
    pub(super) plan: Plan,
}

impl Operation {
    /// Parses the document and picks the operation; the error is a GraphQL request error.
    pub(super) fn new(
        params: Params,
        settings: &TransportSettings,
        types: &FieldTypes,
    ) -> Result<Self, ServerError> {
        let too_large = |what| Err(refusal("DOCUMENT_TOO_LARGE", format!("The document {what}.")));
        if params.query.len() > settings.graphql_document_limit {
            return too_large("is too long");
        }
        if tokens(&params.query, settings.graphql_token_limit) > settings.graphql_token_limit {
            return too_large("has too many tokens");
        }
        let mut request = Request::new(params.query).variables(params.variables);
        request.operation_name = params.operation_name;
        let wanted = request.operation_name.clone();
        let document = request.parsed_query().map_err(readable)?;
        let size = Size::of(document)
            .ok_or_else(|| refusal("GRAPHQL_VALIDATION_FAILED", "A fragment spreads itself."))?;
        if size.selections > settings.graphql_selection_limit {
            return too_large("selects too many fields");
        }
        if size.aliases > settings.graphql_alias_limit {
            return too_large("has too many aliases");
        }
        if size.directives > settings.graphql_directive_limit {
            return too_large("has too many directives");
        }
        let (name, definition) = pick(document, wanted.as_deref())?;
        if root_fields(definition, document) > settings.graphql_root_field_limit {
            return too_large("has too many fields at the root of its operation");
        }
        let kind = definition.ty;
        if kind == OperationType::Subscription {
            check_single_field(definition)?;
        }
        let plan = Plan::new(kind, &definition.selection_set.node, document, types);
        Ok(Self {
            kind,
            name,
            request,
            plan,
        })
    }
}

/// An error of the transport's own, with its code.
pub(super) fn refusal(code: &'static str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set("code", code);
    error
}

/// The parser's error without its picture of the source, which repeats the whole line.
fn readable(error: ServerError) -> ServerError {
    let cause = error
        .message
        .rsplit_once("\n  = ")
        .map_or(&*error.message, |(_, cause)| cause)
        .trim();
    let mut readable = refusal("GRAPHQL_PARSE_FAILED", format!("Syntax error: {cause}"));
    readable.locations = error.locations;
    readable
}

/// The operation that runs, as async-graphql will choose it.
fn pick<'a>(
    document: &'a ExecutableDocument,
    wanted: Option<&str>,
) -> Result<(Option<String>, &'a OperationDefinition), ServerError> {
    match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => Ok((None, &operation.node)),
        (DocumentOperations::Multiple(operations), Some(wanted)) => operations
            .get(wanted)
            .map(|operation| (Some(wanted.to_owned()), &operation.node))
            .ok_or_else(|| {
                refusal(
                    "OPERATION_NOT_FOUND",
                    "The document has no operation of that name.",
                )
            }),
        (DocumentOperations::Single(_), Some(_)) => Err(refusal(
            "OPERATION_NOT_FOUND",
            "The document has no operation of that name.",
        )),
        (DocumentOperations::Multiple(operations), None) => {
            let mut operations = operations.iter();
            match (operations.next(), operations.next()) {
                (Some((name, operation)), None) => Ok((Some(name.to_string()), &operation.node)),
                _ => Err(refusal(
                    "OPERATION_NOT_FOUND",
                    "`operationName` must say which operation to run.",
                )),
            }
        }
    }
}

/// A subscription has one root field (GraphQL, section 5.2.4.1), else one operation could open any number of streams.
///
/// async-graphql runs only root fields that stand in the operation itself, so fragments there are refused as well
/// rather than ignored.
fn check_single_field(operation: &OperationDefinition) -> Result<(), ServerError> {
    match &*operation.selection_set.node.items {
        [only] if matches!(only.node, Selection::Field(_)) => Ok(()),
        _ => Err(refusal(
            "GRAPHQL_VALIDATION_FAILED",
            "A subscription selects exactly one field, written in the operation itself.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, name: Option<&str>) -> Result<Operation, ServerError> {
        let params = Params {
            query: query.to_owned(),
            operation_name: name.map(str::to_owned),
            variables: Default::default(),
        };
        Operation::new(params, &TransportSettings::default(), &FieldTypes::default())
    }

    fn code(error: &ServerError) -> String {
        error
            .extensions
            .as_ref()
            .and_then(|values| values.get("code"))
            .unwrap()
            .to_string()
    }

    #[test]
    fn the_operation_meant_is_found() {
        let two = "query A { a } mutation B { b }";
        assert_eq!(read(two, Some("B")).unwrap().kind, OperationType::Mutation);
        assert_eq!(read(two, Some("A")).unwrap().name.as_deref(), Some("A"));
        assert_eq!(read("query A { a }", None).unwrap().name.as_deref(), Some("A"));
        for (query, name) in [(two, None), (two, Some("C")), ("{ a }", Some("A"))] {
            assert_eq!(
                code(&read(query, name).err().unwrap()),
                r#""OPERATION_NOT_FOUND""#,
                "{query}"
            );
        }
    }

    #[test]
    fn a_syntax_error_does_not_repeat_the_document() {
        let error = read(&format!("{{ {} ", "private ".repeat(50)), None)
            .err()
            .unwrap();
        assert!(
            error.message.len() < 200 && !error.message.contains("private private"),
            "{}",
            error.message
        );
        assert_eq!(error.locations.len(), 1);
    }

    #[test]
    fn nested_documents_are_refused_rather_than_overflowing_the_stack() {
        for deep in [
            "{a".repeat(20_000),
            format!("{{a(b:{}", "[".repeat(20_000)),
            format!("query($a:{}", "[".repeat(20_000)),
        ] {
            assert!(read(&deep, None).is_err());
        }
    }

    #[test]
    fn fragments_that_unfold_to_billions_are_refused_at_once() {
        let mut bomb = "{ ...f0 }".to_owned();
        for level in 0..30 {
            let spread = format!("...f{} ", level + 1);
            bomb.push_str(&format!(" fragment f{level} on Query {{ {} }}", spread.repeat(8)));
        }
        bomb.push_str(" fragment f30 on Query { a }");
        assert_eq!(code(&read(&bomb, None).err().unwrap()), r#""DOCUMENT_TOO_LARGE""#);
        let nested = |level: usize| {
            format!(
                "fragment f{level} on Q {}...f{}{}",
                "{a ".repeat(50),
                level + 1,
                "}".repeat(50)
            )
        };
        let chain: String = (0..200).map(nested).collect();
        assert_eq!(
            code(&read(&format!("{{ ...f0 }} {chain}"), None).err().unwrap()),
            r#""DOCUMENT_TOO_LARGE""#
        );
        let unused = read(&bomb.replacen("...f0", "a", 1), None).err().unwrap();
        assert_eq!(code(&unused), r#""DOCUMENT_TOO_LARGE""#);
        let cyclic = "{ ...a } fragment a on Query { b ...c } fragment c on Query { ...a }";
        assert_eq!(
            read(cyclic, None).err().unwrap().message,
            "A fragment spreads itself."
        );
    }

    #[test]
    fn each_kind_of_size_has_its_limit() {
        let few = TransportSettings {
            graphql_document_limit: 200,
            graphql_token_limit: 30,
            graphql_selection_limit: 9,
            graphql_alias_limit: 2,
            graphql_directive_limit: 2,
            graphql_root_field_limit: 4,
            ..TransportSettings::default()
        };
        for (query, said) in [
            ("{ a }", None),
            (&*format!("{{ {} }}", "a".repeat(200)), Some("is too long")),
            (
                "{ a(b: [1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4]) }",
                Some("has too many tokens"),
            ),
            ("{ a { b c d e f g h i j } }", Some("selects too many fields")),
            ("{ a: x b: x }", None),
            ("{ a: x b: x c: x }", Some("has too many aliases")),
            ("{ x @a @b }", None),
            ("{ x @a @b @c }", Some("has too many directives")),
            ("{ x y z w }", None),
            (
                "{ x ...f } fragment f on Q { y z w v }",
                Some("has too many fields at the root of its operation"),
            ),
        ] {
            let params = Params {
                query: query.to_owned(),
                operation_name: None,
                variables: Default::default(),
            };
            let error = Operation::new(params, &few, &FieldTypes::default()).err();
            let expected = said.map(|said| format!("The document {said}."));
            assert_eq!(
                error.as_ref().map(|error| error.message.clone()),
                expected,
                "{query}"
            );
            assert!(error.is_none_or(|error| code(&error) == r#""DOCUMENT_TOO_LARGE""#));
        }
    }

    #[test]
    fn a_subscription_has_one_root_field() {
        assert!(read("subscription { a { b c } }", None).is_ok());
        for wrong in [
            "subscription { a b: a }",
            "subscription { ...f } fragment f on S { a }",
            "subscription { ... { a } }",
        ] {
            assert_eq!(
                code(&read(wrong, None).err().unwrap()),
                r#""GRAPHQL_VALIDATION_FAILED""#
            );
        }
    }
}
