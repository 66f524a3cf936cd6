//! `plimsoll explain`: cause and remedy of an error code.

use plimsoll_core::toml_file::nearest;
use plimsoll_core::{ErrorCode, Exit};

use super::Context;
use crate::args::{Explain, Format};
use crate::catalogue::advice;
use crate::error::CliError;

pub(super) fn run(args: &Explain, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let Some(code) = ErrorCode::ALL.iter().find(|code| code.as_str() == args.code) else {
        let near = nearest(&args.code, ErrorCode::ALL.iter().map(|code| code.as_str()));
        return Err(CliError::UnknownCode { code: args.code.clone(), near });
    };
    let advice = advice(*code);
    let remedy = advice.remedy_for(&context.global.program, None);
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!(
            "{}  (exit code {})\n  cause: {}\n  fix:   {remedy}\n",
            code.as_str(),
            code.exit().code(),
            advice.cause
        )),
        Format::Json => context.terminal.json(&serde_json::json!({
            "code": code.as_str(),
            "exit": code.exit().code(),
            "cause": advice.cause,
            "remedy": remedy,
        })),
    }
    Ok(Exit::Ok)
}
