//! Brings results into the form that the GraphQL specification (section 6.4) promises and async-graphql 7.1 to 7.2 does
//! not keep: there, fields stand in the order in which they were resolved, a field that failed is left out instead of
//! being null, and the failure of a non-null field does not make its parent null. Generated clients rely on all three.
//!
//! This is done after the execution, from the document, the schema's types and the paths of the errors.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, OperationType, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::{Name, PathSegment, Response, Value};

use super::answer::is_request_error;

/// The types of a schema's output fields.
#[derive(Debug, Default)]
pub(super) struct FieldTypes {
    by_parent: HashMap<String, HashMap<String, Type>>,
    query: Option<String>,
    mutation: Option<String>,
    subscription: Option<String>,
}

impl FieldTypes {
    /// Reads them from the schema's SDL; from a text that is none, nothing, which leaves non-null fields unguarded.
    pub(super) fn from_sdl(sdl: &str) -> Self {
        let mut types = Self {
            query: Some("Query".to_owned()),
            mutation: Some("Mutation".to_owned()),
            subscription: Some("Subscription".to_owned()),
            ..Self::default()
        };
        let document = match async_graphql::parser::parse_schema(sdl) {
            Ok(document) => document,
            Err(error) => {
                tracing::error!(%error, "the schema's text cannot be read");
                return types;
            }
        };
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    types.query = schema.node.query.map(|name| name.to_string());
                    types.mutation = schema.node.mutation.map(|name| name.to_string());
                    types.subscription = schema.node.subscription.map(|name| name.to_string());
                }
                TypeSystemDefinition::Type(definition) => {
                    let fields = match definition.node.kind {
                        TypeKind::Object(object) => object.fields,
                        TypeKind::Interface(interface) => interface.fields,
                        _ => continue,
                    };
                    let fields = fields
                        .into_iter()
                        .map(|field| (field.node.name.to_string(), field.node.ty.node));
                    types
                        .by_parent
                        .insert(definition.node.name.to_string(), fields.collect());
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        types
    }

    fn root(&self, kind: OperationType) -> Option<&str> {
        match kind {
            OperationType::Query => self.query.as_deref(),
            OperationType::Mutation => self.mutation.as_deref(),
            OperationType::Subscription => self.subscription.as_deref(),
        }
    }

    fn of(&self, parent: Option<&str>, field: &str) -> Option<&Type> {
        self.by_parent.get(parent?)?.get(field)
    }
}

/// What a place of the result is to look like: its fields in order. Empty for scalars.
///
/// Fields of fragments on different types stand side by side; GraphQL sees to it that those of one name have one shape.
#[derive(Debug, Default)]
pub(super) struct Plan(IndexMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    /// Unknown for `__typename` and the fields of introspection.
    field_type: Option<Type>,
    plan: Plan,
}

impl Plan {
    /// The plan of an operation. Its document must have no cyclic fragments and a bearable unfolded size.
    pub(super) fn new(
        kind: OperationType,
        selection: &SelectionSet,
        document: &ExecutableDocument,
        types: &FieldTypes,
    ) -> Self {
        let mut plan = Self::default();
        plan.add(types.root(kind), selection, document, types);
        plan
    }

    fn add(
        &mut self,
        parent: Option<&str>,
        selection: &SelectionSet,
        document: &ExecutableDocument,
        types: &FieldTypes,
    ) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let field_type = types.of(parent, &field.name.node);
                    let entry = self
                        .0
                        .entry(field.response_key().node.to_string())
                        .or_insert_with(|| Entry {
                            field_type: field_type.cloned(),
                            plan: Self::default(),
                        });
                    entry.plan.add(
                        field_type.map(innermost),
                        &field.selection_set.node,
                        document,
                        types,
                    );
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| Some(&*condition.node.on.node));
                    self.add(parent, &fragment.node.selection_set.node, document, types);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        let parent = Some(&*fragment.node.type_condition.node.on.node);
                        self.add(parent, &fragment.node.selection_set.node, document, types);
                    }
                }
            }
        }
    }

    /// Completes a result that was executed for this plan.
    pub(super) fn complete(&self, response: &mut Response) {
        if is_request_error(response) {
            return;
        }
        for error in &response.errors {
            restore(&mut response.data, &error.path);
        }
        for error in &response.errors {
            self.settle(&mut response.data, None, &error.path);
        }
        self.order(&mut response.data);
    }

    /// Sees to it that no null stands along the path where the type forbids it; whether one is left at this very place.
    fn settle(&self, value: &mut Value, value_type: Option<&Type>, path: &[PathSegment]) -> bool {
        let is_child_wrong = match (path, &mut *value) {
            ([PathSegment::Field(key), rest @ ..], Value::Object(map)) => {
                match (self.0.get(key), map.get_mut(key.as_str())) {
                    (Some(entry), Some(child)) => entry.plan.settle(child, entry.field_type.as_ref(), rest),
                    _ => false,
                }
            }
            ([PathSegment::Index(index), rest @ ..], Value::List(items)) => {
                let item_type = value_type.and_then(|list| match &list.base {
                    BaseType::List(item) => Some(&**item),
                    BaseType::Named(_) => None,
                });
                items
                    .get_mut(*index)
                    .is_some_and(|item| self.settle(item, item_type, rest))
            }
            _ => false,
        };
        if is_child_wrong {
            *value = Value::Null;
        }
        *value == Value::Null && value_type.is_some_and(|value_type| !value_type.nullable)
    }

    /// Puts the fields into the order of the selection.
    fn order(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.order(item)),
            Value::Object(map) if !self.0.is_empty() => {
                let mut resolved = std::mem::take(map);
                for (key, entry) in &self.0 {
                    if let Some((name, mut field)) = resolved.swap_remove_entry(key.as_str()) {
                        entry.plan.order(&mut field);
                        map.insert(name, field);
                    }
                }
                map.extend(resolved);
            }
            _ => {}
        }
    }
}

/// The named type inside of lists.
fn innermost(field_type: &Type) -> &str {
    match &field_type.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => innermost(item),
    }
}

/// Puts null where the path ends and nothing stands. An object on the way of which all fields failed was made null by
/// the executor: what has errors below is an object, for now.
fn restore(value: &mut Value, path: &[PathSegment]) {
    match path {
        [] => {}
        [PathSegment::Field(key), rest @ ..] => {
            if *value == Value::Null {
                *value = Value::Object(IndexMap::default());
            }
            if let Value::Object(map) = value {
                restore(map.entry(Name::new(key)).or_insert(Value::Null), rest);
            }
        }
        [PathSegment::Index(index), rest @ ..] => {
            if let Value::List(items) = value
                && let Some(item) = items.get_mut(*index)
            {
                restore(item, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        EmptyMutation, EmptySubscription, Error, MergedObject, Object, Result, Schema, value,
    };

    use super::*;

    struct Child;
    struct Children;

    /// What a child has, and children.
    #[derive(MergedObject)]
    struct Query(Child, Children);

    /// Waits until everything else was polled.
    async fn late() {
        tokio::task::yield_now().await;
    }

    #[Object]
    impl Children {
        async fn maybe_child(&self) -> Option<Child> {
            Some(Child)
        }
        async fn children(&self) -> Vec<Child> {
            vec![Child, Child]
        }
        async fn maybe_children(&self) -> Option<Vec<Option<Child>>> {
            Some(vec![Some(Child), None, Some(Child)])
        }
    }

    #[Object]
    impl Child {
        async fn late(&self) -> i32 {
            late().await;
            1
        }
        async fn early(&self) -> i32 {
            2
        }
        async fn maybe(&self) -> Result<Option<i32>> {
            Err(Error::new("no"))
        }
        async fn must(&self) -> Result<i32> {
            Err(Error::new("no"))
        }
        async fn child(&self) -> Child {
            Child
        }
    }

    #[tokio::test]
    async fn results_have_the_form_of_the_specification() {
        let schema = Schema::new(Query(Child, Children), EmptyMutation, EmptySubscription);
        let types = FieldTypes::from_sdl(&schema.sdl());
        let table = [
            ("{ late early }", value!({ "late": 1, "early": 2 })),
            ("{ early late }", value!({ "early": 2, "late": 1 })),
            (
                "{ child { x: late early } early }",
                value!({ "child": { "x": 1, "early": 2 }, "early": 2 }),
            ),
            (
                "{ ...f early } fragment f on Query { late }",
                value!({ "late": 1, "early": 2 }),
            ),
            ("{ early maybe }", value!({ "early": 2, "maybe": null })),
            ("{ maybe early }", value!({ "maybe": null, "early": 2 })),
            ("{ maybe }", value!({ "maybe": null })),
            ("{ must early }", value!(null)),
            ("{ must }", value!(null)),
            ("{ child { must } early }", value!(null)),
            ("{ child { maybe } }", value!({ "child": { "maybe": null } })),
            (
                "{ child { child { maybe } } }",
                value!({ "child": { "child": { "maybe": null } } }),
            ),
            (
                "{ maybeChild { early must } early }",
                value!({ "maybeChild": null, "early": 2 }),
            ),
            ("{ maybeChild { maybe must } }", value!({ "maybeChild": null })),
            (
                "{ maybeChild { ... on Child { child { must } } } }",
                value!({ "maybeChild": null }),
            ),
            (
                "{ children { early maybe } }",
                value!({ "children": [{ "early": 2, "maybe": null }, { "early": 2, "maybe": null }] }),
            ),
            ("{ children { must } early }", value!(null)),
            (
                "{ maybeChildren { a: must } }",
                value!({ "maybeChildren": [null, null, null] }),
            ),
            (
                "{ maybeChildren { late early } }",
                value!({ "maybeChildren": [{ "late": 1, "early": 2 }, null, { "late": 1, "early": 2 }] }),
            ),
        ];
        for (query, expected) in table {
            let document = async_graphql::parser::parse_query(query).unwrap();
            let (_, operation) = document.operations.iter().next().unwrap();
            let plan = Plan::new(
                operation.node.ty,
                &operation.node.selection_set.node,
                &document,
                &types,
            );
            let mut response = schema.execute(query).await;
            plan.complete(&mut response);
            // As text, because maps are equal in whatever order.
            assert_eq!(response.data.to_string(), expected.to_string(), "{query}");
        }
    }

    #[test]
    fn roots_may_have_other_names() {
        let types = FieldTypes::from_sdl("type Q { a: Int! } schema { query: Q }");
        assert!(!types.of(types.root(OperationType::Query), "a").unwrap().nullable);
        assert_eq!(types.root(OperationType::Mutation), None);
    }
}
