//! No N+1: a list query sends as many SQL statements for a hundred rows as for one. Every field that is a list has to
//! be in the table of `lists`; a test looks that none is forgotten.

mod following;
mod lists;
mod owing;
mod world;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, TypeKind, TypeSystemDefinition},
};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use self::{
    lists::{Asker, LISTS, NOT_COUNTED},
    world::{World, viewer},
};

/// How many elements a JSON pointer finds whose `*` stands for each element of a list.
fn rows(data: &Value, pointer: &str) -> usize {
    match pointer.split_once("/*") {
        None => usize::from(!data.pointer(pointer).expect(pointer).is_null()),
        Some((list, below)) => {
            let list = data.pointer(list).and_then(Value::as_array);
            list.expect(pointer).iter().map(|row| rows(row, below)).sum()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_costs_the_same_for_one_row_and_for_a_hundred() {
    let world = World::new().await;
    // No worker runs here, so that the messages of the steps are owed for too long.
    let pass = || {
        world
            .app
            .platform
            .clock
            .advance(wangqian_schema::stuck_work::GRACE)
    };
    world.grow().await;
    pass();
    let mut one = Vec::new();
    for (field, asker, query, pointer) in LISTS {
        let (cost, data) = world.cost(*asker, query).await;
        assert!(
            rows(&data, pointer) >= 1,
            "{field} for {asker:?} has a row: {data}"
        );
        one.push(cost);
    }
    let all = stream::iter(1..100).map(|_| world.grow()).buffer_unordered(4);
    all.collect::<Vec<()>>().await;
    pass();
    for ((field, asker, query, pointer), one) in LISTS.iter().zip(one) {
        let (hundred, data) = world.cost(*asker, query).await;
        assert_eq!(one, hundred, "{field} for {asker:?}");
        let expected = if field.starts_with("Query.find") { 10 } else { 100 };
        assert_eq!(rows(&data, pointer), expected, "{field} for {asker:?}");
        // The queue has cases of every kind, each with statements of its own.
        let most = if *field == "Query.reviewQueue" { 17 } else { 12 };
        assert!(hundred <= most, "{field} for {asker:?}: {hundred} statements");
    }
}

/// Beside the one that tells whose session it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_graduates_main_page_takes_three_statements() {
    let world = World::new().await;
    world.grow().await;
    world.grow().await;
    let page = include_str!("../../bench/main_page.graphql");
    let (cost, data) = world.cost(Asker::Graduate, page).await;
    assert!(data.to_string().contains("\"node\":{"), "{data}");
    assert_eq!(cost, 3);
}

/// Every field whose type is a connection or a list of objects has a row, or a reason not to have one.
#[test]
fn no_list_is_forgotten() {
    let sdl = parse_schema(wangqian_api::sdl()).unwrap();
    let objects: Vec<_> = sdl
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => match &definition.node.kind {
                TypeKind::Object(object) => Some((definition.node.name.node.as_str(), object)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let is_object = |name: &str| objects.iter().any(|(object, _)| *object == name);
    let mut lists = Vec::new();
    for (name, object) in &objects {
        // A connection's own edges and nodes are counted where the connection is a field.
        if name.ends_with("Connection") {
            continue;
        }
        for field in &object.fields {
            let is_list = match &field.node.ty.node.base {
                BaseType::Named(name) => name.ends_with("Connection"),
                BaseType::List(of) => match &of.base {
                    BaseType::Named(name) => is_object(name) && name != "UserError",
                    BaseType::List(_) => true,
                },
            };
            if is_list {
                lists.push(format!("{name}.{}", field.node.name.node));
            }
        }
    }
    assert!(lists.len() >= 10, "{lists:?}");
    let known = |list: &str| {
        LISTS.iter().any(|(known, ..)| *known == list) || NOT_COUNTED.iter().any(|(known, _)| *known == list)
    };
    for list in &lists {
        assert!(known(list), "{list} is a list without a statement count");
    }
    for (known, ..) in LISTS {
        assert!(
            lists.iter().any(|list| list == known),
            "{known} is no list any more"
        );
    }
    for (known, _) in NOT_COUNTED {
        assert!(
            lists.iter().any(|list| list == known),
            "{known} is no list any more"
        );
    }
}
