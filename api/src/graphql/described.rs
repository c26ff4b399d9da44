//! What the published SDL has to say of itself: everything of ours begins with the domain's Chinese term, then English.

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{FieldDefinition, TypeDefinition, TypeKind as Kind, TypeSystemDefinition as Definition},
    },
};

/// Words of Relay that the library describes, or that say the same on every list.
const PAGE: [&str; 4] = ["after", "before", "first", "last"];
const CONNECTION: [&str; 3] = ["edges", "nodes", "pageInfo"];
const EDGE: [&str; 2] = ["cursor", "node"];

fn types() -> Vec<TypeDefinition> {
    let sdl = parse_schema(super::sdl()).unwrap();
    let types = sdl
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            Definition::Type(of) => Some(of.node),
            // Those of GraphQL itself.
            Definition::Directive(_) | Definition::Schema(_) => None,
        });
    types.collect()
}

fn fields(kind: &Kind) -> &[Positioned<FieldDefinition>] {
    match kind {
        Kind::Object(object) => &object.fields,
        Kind::Interface(interface) => &interface.fields,
        Kind::Scalar | Kind::Union(_) | Kind::Enum(_) | Kind::InputObject(_) => &[],
    }
}

fn text(description: Option<&Positioned<String>>) -> &str {
    description.map_or("", |text| text.node.trim())
}

/// A Chinese term, a blank, and English.
fn is_described(text: &str) -> bool {
    let Some((term, english)) = text.split_once(' ') else {
        return false;
    };
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    term.starts_with(chinese)
        && !term.contains(char::is_whitespace)
        && english.starts_with(|c: char| c.is_ascii() && !c.is_ascii_whitespace())
        && english.contains(|c: char| c.is_ascii_alphabetic())
}

/// Where an argument, an input field, a field or a value stands, and what is said of it.
fn of_type(of: &TypeDefinition) -> Vec<(String, String)> {
    let at = of.name.node.as_str();
    let mut said = vec![(at.to_owned(), text(of.description.as_ref()).to_owned())];
    let mut say = |name: String, description: Option<&Positioned<String>>| {
        said.push((format!("{at}.{name}"), text(description).to_owned()));
    };
    for Positioned { node: field, .. } in fields(&of.kind) {
        let name = field.name.node.as_str();
        let of_relay = at == "PageInfo"
            || (at.ends_with("Connection") && CONNECTION.contains(&name))
            || (at.ends_with("Edge") && EDGE.contains(&name));
        if !of_relay {
            say(name.to_owned(), field.description.as_ref());
        }
        let is_list = field.ty.node.to_string().ends_with("Connection!");
        for Positioned { node: argument, .. } in &field.arguments {
            let argument_name = argument.name.node.as_str();
            // A mutation's only argument, of which its type says everything.
            let is_input = at == "Mutation" && argument_name == "input";
            let is_page = is_list && PAGE.contains(&argument_name);
            if !is_input && !is_page {
                say(format!("{name}({argument_name})"), argument.description.as_ref());
            }
        }
    }
    match &of.kind {
        Kind::Enum(values) => values.values.iter().for_each(|value| {
            say(value.node.value.node.to_string(), value.node.description.as_ref());
        }),
        Kind::InputObject(input) => input.fields.iter().for_each(|field| {
            say(field.node.name.node.to_string(), field.node.description.as_ref());
        }),
        Kind::Scalar | Kind::Object(_) | Kind::Interface(_) | Kind::Union(_) => {}
    }
    said
}

#[test]
fn every_description_begins_with_the_chinese_term() {
    let said: Vec<_> = types().iter().flat_map(of_type).collect();
    assert!(said.len() > 500, "{} descriptions", said.len());
    let wrong: Vec<_> = said.into_iter().filter(|(_, text)| !is_described(text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_description_is_a_term_and_english() {
    for good in [
        "届 Graduating year.",
        "定向/委培 oriented",
        "试用期 0 to 6 months",
        "文件类型 `application/pdf`",
    ] {
        assert!(is_described(good), "{good}");
    }
    for bad in [
        "",
        "届",
        "Graduating year.",
        "届 届别",
        "Excel 工作簿 workbook",
        "届\nGraduating year.",
    ] {
        assert!(!is_described(bad), "{bad}");
    }
}

/// So that whoever writes a form knows what to be ready for.
#[test]
fn every_mutation_names_the_codes_of_its_user_errors() {
    let types = types();
    let of = |name: &str| types.iter().find(|of| of.name.node == name).unwrap();
    let Kind::Enum(codes) = &of("UserErrorCode").kind else {
        panic!("a closed list");
    };
    let codes: Vec<_> = codes
        .values
        .iter()
        .map(|code| code.node.value.node.as_str())
        .collect();
    let mut named = Vec::new();
    for Positioned { node: mutation, .. } in fields(&of("Mutation").kind) {
        let text = text(mutation.description.as_ref());
        let refusals = text.split_once("Refusals: ").map_or("", |(_, refusals)| refusals);
        let words: Vec<_> = refusals.split('`').skip(1).step_by(2).collect();
        for word in &words {
            assert!(codes.contains(word), "{}: {word}", mutation.name.node);
        }
        assert_eq!(
            words.is_empty(),
            mutation.name.node == "logOut",
            "{}",
            mutation.name.node
        );
        named.extend(words.into_iter().map(ToOwned::to_owned));
    }
    let never: Vec<_> = codes
        .into_iter()
        .filter(|code| !named.iter().any(|name| name == code))
        .collect();
    assert!(never.is_empty(), "no mutation gives {never:?}");
}
