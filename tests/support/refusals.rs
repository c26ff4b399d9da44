//! What the SDL says of refusals, held against what the server answers: a mutation gives no code that its description does not
//! name.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

/// What the SDL says of each mutation.
static SAID: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let sdl = wangqian_api::graphql::sdl();
    let (_, mutations) = sdl.split_once("\ntype Mutation {\n").expect("mutations");
    let (mutations, _) = mutations.split_once("\n}\n").expect("an end");
    let each = mutations.split("Payload!\n").filter_map(|text| {
        let (description, signature) = text.rsplit_once("\n\t")?;
        let name = signature.split(['(', ':']).next()?;
        Some((name.to_owned(), description.to_owned()))
    });
    let said: HashMap<_, _> = each.collect();
    assert!(
        said["logIn"].contains("`WRONG_CREDENTIALS`") && said.len() > 20,
        "{said:?}"
    );
    said
});

/// Looks at the codes of every payload in an answer.
pub(crate) fn check(answer: &Value) {
    for (field, payload) in answer["data"].as_object().into_iter().flatten() {
        let Some(said) = SAID.get(field) else { continue };
        let each = payload["results"].as_array().into_iter().flatten();
        let errors = std::iter::once(payload)
            .chain(each)
            .flat_map(|part| part["userErrors"].as_array().into_iter().flatten());
        for code in errors.filter_map(|error| error["code"].as_str()) {
            assert!(
                said.contains(&format!("`{code}`")),
                "{field} does not name {code}: {said}"
            );
        }
    }
}
