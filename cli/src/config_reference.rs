//! docs/CONFIGURATION.md, made from the command line's own description so that it cannot be wrong.

use std::collections::BTreeMap;

use clap::{Arg, Command};

const HEAD: &str = "\
# Configuration

Every setting is an environment variable and an option of the command line; the option wins. `wangqian <command> --help`
shows the ones of a command. `wangqian up` needs none of them.

One variable is no option: `WANGQIAN_POSTGRES_BIN` names the folder of PostgreSQL's programs (`initdb`, `postgres`) for
`wangqian up` and the tests, where they are not on `PATH` or in one of the usual folders.

This page is made from the program's own description: after a change run `make config-reference`; a test compares.
";

/// One row of the page.
struct Row {
    option: String,
    meaning: String,
    default: String,
    commands: Vec<String>,
}

/// The page. Concerns stand in the order in which the commands bring them.
pub fn markdown(program: &Command) -> String {
    let mut concerns: Vec<(String, BTreeMap<String, Row>)> = Vec::new();
    let everywhere = program
        .get_arguments()
        .map(|argument| ("all".to_owned(), argument));
    let by_command = program
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .flat_map(|command| {
            let own = command
                .get_arguments()
                .map(|argument| (command.get_name().to_owned(), argument));
            let below = command.get_subcommands().flat_map(|below| {
                let name = format!("{} {}", command.get_name(), below.get_name());
                below
                    .get_arguments()
                    .map(move |argument| (name.clone(), argument))
            });
            own.chain(below)
        });
    for (command, argument) in everywhere.chain(by_command) {
        let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
            continue;
        };
        let concern = argument.get_help_heading().unwrap_or("Other");
        let rows = match concerns.iter_mut().position(|(name, _)| name == concern) {
            Some(at) => &mut concerns[at].1,
            None => {
                concerns.push((concern.to_owned(), BTreeMap::new()));
                let last = concerns.len() - 1;
                &mut concerns[last].1
            }
        };
        rows.entry(variable.to_owned())
            .or_insert_with(|| row(argument))
            .commands
            .push(command);
    }
    let mut page = HEAD.to_owned();
    for (concern, rows) in concerns {
        page.push_str(&format!(
            "\n## {concern}\n\n| Variable | Option | Meaning | Default | Used by |\n|---|---|---|---|---|\n"
        ));
        for (variable, row) in rows {
            page.push_str(&format!(
                "| `{variable}` | `{}` | {} | {} | {} |\n",
                row.option,
                row.meaning,
                row.default,
                row.commands.join(", ")
            ));
        }
    }
    page
}

fn row(argument: &Arg) -> Row {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut meaning = help
        .map(ToString::to_string)
        .unwrap_or_default()
        .replace('\n', " ");
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({help})", value.get_name()),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    // Of two choices that say nothing more (true, false) the default tells enough.
    if choices.iter().any(|choice| choice.contains('(')) {
        meaning.push_str(&format!(". One of: {}", choices.join("; ")));
    }
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .filter(|value| !value.is_empty())
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    Row {
        option: argument
            .get_long()
            .map(|long| format!("--{long}"))
            .unwrap_or_default(),
        meaning: meaning.replace('|', "\\|").replace("..", "."),
        default: if defaults.is_empty() {
            "–".to_owned()
        } else {
            defaults.join(", ")
        },
        commands: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        any::TypeId,
        collections::BTreeSet,
        path::{Path, PathBuf},
        time::Duration,
    };

    use clap::CommandFactory;

    use super::*;
    use crate::Cli;

    fn every_argument(program: &Command) -> Vec<(String, Arg)> {
        program
            .get_subcommands()
            .chain([program])
            .flat_map(|command| {
                command
                    .get_arguments()
                    .map(|arg| (command.get_name().to_owned(), arg.clone()))
            })
            .collect()
    }

    #[test]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFIGURATION.md");
        let page = markdown(&Cli::command());
        if std::env::var_os("WANGQIAN_UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == page,
            "docs/CONFIGURATION.md is stale: run `make config-reference`"
        );
    }

    #[test]
    fn every_setting_has_a_meaning_a_concern_and_one_meaning_everywhere() {
        let mut known: BTreeMap<String, (String, Vec<std::ffi::OsString>)> = BTreeMap::new();
        for (command, argument) in every_argument(&Cli::command()) {
            let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
                continue;
            };
            assert!(argument.get_help().is_some(), "{variable} of {command}");
            assert!(argument.get_help_heading().is_some(), "{variable} of {command}");
            let defaults = argument
                .get_default_values()
                .iter()
                .map(|value| value.to_os_string())
                .collect();
            let meaning = (argument.get_long().unwrap_or_default().to_owned(), defaults);
            let before = known
                .entry(variable.to_owned())
                .or_insert_with(|| meaning.clone());
            assert_eq!(*before, meaning, "{variable} of {command}");
        }
        assert!(known.len() > 5);
    }

    /// What the number of a setting counts or is measured in, by its name or the end of it.
    const NUMBERS: &[(&str, &str)] = &[
        ("_MS", "milliseconds"),
        ("_SECONDS", "seconds"),
        ("_TIMEOUT", "seconds"),
        ("_INTERVAL", "seconds"),
        ("_KEEP_ALIVE", "seconds"),
        ("_DAYS", "days"),
        ("_BODY_LIMIT", "bytes"),
        ("_DOCUMENT_LIMIT", "bytes"),
        ("_MESSAGE_LIMIT", "bytes"),
        ("_SELECTION_LIMIT", "selections"),
        ("_TOKEN_LIMIT", "tokens"),
        ("_ALIAS_LIMIT", "aliases"),
        ("_DIRECTIVE_LIMIT", "directives"),
        ("_ROOT_FIELD_LIMIT", "fields"),
        ("_QUERY_DEPTH", "levels"),
        ("_QUERY_COST", "cost"),
        ("_FEED_LAG", "events"),
        ("_LOGIN_ATTEMPTS", "attempts"),
        ("_LOGIN_FAILURES", "attempts"),
        ("_CODES_PER_DAY", "codes"),
        ("_STRANGER_REQUESTS", "requests"),
        ("_CONNECTIONS_PER_VIEWER", "websockets"),
        ("_WEBSOCKET_OPERATIONS", "operations"),
        ("_TRUSTED_PROXIES", "proxies"),
        ("_DATABASE_CONNECTIONS", "connections"),
        ("_EXPIRE_CONCURRENCY", "invitations"),
        ("_REMIND_CONCURRENCY", "reminders"),
        ("_RENDER_CONCURRENCY", "documents"),
        ("_SEND_CONCURRENCY", "messages"),
        ("_IMPORT_CONCURRENCY", "rosters"),
        ("_EXPORT_CONCURRENCY", "exports"),
        ("_EXPORTS_PER_DAY", "exports"),
        ("_CHECK_CONCURRENCY", "files"),
        ("_DIGEST_CONCURRENCY", "digests"),
        ("_FIGURES_CONCURRENCY", "foldings"),
        ("_PRUNE_CONCURRENCY", "prunings"),
        ("_CROWDED_EMPLOYER", "graduates"),
    ];

    /// A number, or a time that is written as one.
    fn is_number(argument: &Arg) -> bool {
        let kind = argument.get_value_parser().type_id();
        [
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
            TypeId::of::<i32>(),
            TypeId::of::<i64>(),
            TypeId::of::<f64>(),
            TypeId::of::<Duration>(),
        ]
        .iter()
        .any(|number| kind == *number)
            || argument
                .get_default_values()
                .iter()
                .any(|value| value.to_str().is_some_and(|value| value.parse::<f64>().is_ok()))
    }

    #[test]
    fn every_number_says_what_it_is_measured_in() {
        let mut used = BTreeSet::new();
        for (command, argument) in every_argument(&Cli::command()) {
            let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
                continue;
            };
            if !is_number(&argument) {
                continue;
            }
            let known = NUMBERS.iter().find(|(name, _)| variable.ends_with(name));
            let (name, unit) = known.unwrap_or_else(|| panic!("{variable} of {command}: a number of what?"));
            let help = argument.get_long_help().or_else(|| argument.get_help());
            let help = help.map(ToString::to_string).unwrap_or_default().to_lowercase();
            let says = help
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| word == *unit);
            assert!(
                says,
                "{variable} of {command} does not say that it is in {unit}: {help}"
            );
            used.insert(*name);
        }
        let unused = NUMBERS.iter().find(|(name, _)| !used.contains(name));
        assert_eq!(unused, None, "no setting ends so");
    }

    /// Where the environment is read without being a setting: file, how often, why.
    const READERS: &[(&str, usize, &str)] = &[
        (
            "api/src/graphql/mod.rs",
            1,
            "the test of the SDL writes it when asked to",
        ),
        (
            "cli/src/config_reference.rs",
            1,
            "the test of the page writes it when asked to",
        ),
        (
            "embedded/src/postgres/programs.rs",
            2,
            "WANGQIAN_POSTGRES_BIN, which tests need as well and the page's head names; and PATH",
        ),
    ];

    /// The Rust files of the product below a folder, tests of whole crates left out.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && !["target", "node_modules", "tests"].contains(&name)
            {
                sources(&path, found);
            } else if name.ends_with(".rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn the_environment_is_read_by_settings_only() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut files = Vec::new();
        sources(root, &mut files);
        assert!(files.len() > 100, "{} files", files.len());
        let mut readers = Vec::new();
        for file in &files {
            let text = std::fs::read_to_string(file).unwrap();
            // In two parts, so that this line is none of them.
            let reads = [
                concat!("env", "::var"),
                concat!("env", "::{"),
                concat!("option_", "env!"),
            ]
            .iter()
            .map(|call| text.matches(call).count())
            .sum::<usize>();
            if reads > 0 {
                readers.push((
                    file.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
                    reads,
                ));
            }
        }
        readers.sort();
        let expected: Vec<_> = READERS
            .iter()
            .map(|(file, reads, _)| ((*file).to_owned(), *reads))
            .collect();
        assert_eq!(
            readers, expected,
            "make it a setting, or say in the list why it is none"
        );
        assert!(HEAD.contains("WANGQIAN_POSTGRES_BIN"));
    }

    #[test]
    fn secrets_hide_their_values_in_help() {
        let secret = |name: &str| {
            ["SECRET", "PASSWORD", "TOKEN", "DATABASE_URL", "SMTP_URL"]
                .iter()
                .any(|word| name.contains(word))
                // How many lexical tokens a document may have.
                && !name.ends_with("_LIMIT")
        };
        let mut found = 0;
        for (command, argument) in every_argument(&Cli::command()) {
            let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
                continue;
            };
            if secret(variable) {
                assert!(argument.is_hide_env_values_set(), "{variable} of {command}");
                found += 1;
            }
        }
        assert!(found > 0);
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
