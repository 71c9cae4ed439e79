use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "read-child") {
        return faxbridge::decode::child::main(&args);
    }
    ExitCode::from(2)
}
