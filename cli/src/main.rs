//! The executable `wangqian`; all of it stands in the library beside, so that tests can call it in process.

fn main() -> std::process::ExitCode {
    wangqian_cli::main()
}
