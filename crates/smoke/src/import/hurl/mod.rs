//! Reads a Hurl file, entry after entry. What the parts of an entry mean is told by the files beside it.

mod assert;
mod body;
mod capture;
mod lines;
mod options;
mod query;
mod request;
mod status;
mod token;
mod variables;

use lines::{Kind, Lines};
use options::Options;
use variables::Variables;

use super::address::Base;
use super::draft::{Connection, Draft};
use super::secret::Secrets;
use super::text::{shown, unmarked};
use super::{Imported, Remarks, write};
use crate::model::Method;

/// What is carried from entry to entry.
struct Reader {
    remarks: Remarks,
    variables: Variables,
    secrets: Secrets,
    base: Base,
    connection: Option<Connection>,
    drafts: Vec<Draft>,
}

/// Turns the text of a Hurl file into checks. `name` is said in the first line of what comes of it. Each check needs the
/// one before it, because Hurl stops at the first entry that fails.
#[must_use]
pub fn hurl(name: &str, source: &str) -> Imported {
    let text = unmarked(source);
    let mut reader = Reader {
        remarks: Remarks::default(),
        variables: Variables::default(),
        secrets: Secrets::default(),
        base: Base::default(),
        connection: None,
        drafts: Vec::new(),
    };
    let mut lines = Lines::new(&text);
    let mut comment = None;
    while let Some((number, line)) = lines.peek() {
        match Kind::of(line) {
            Kind::Empty => {
                comment = None;
                lines.next();
            }
            Kind::Comment(text) => {
                comment = Some(text.to_owned()).filter(|text| !text.is_empty() && text.chars().count() <= 80);
                lines.next();
            }
            Kind::Method(..) => reader.entry(&mut lines, comment.take()),
            _ => {
                reader.remarks.left_out(number, "this line does not belong to a request");
                lines.next();
            }
        }
    }
    reader.finish(name)
}

impl Reader {
    fn entry(&mut self, lines: &mut Lines<'_>, comment: Option<String>) {
        let Some((line, text)) = lines.next() else { return };
        let Kind::Method(method, url) = Kind::of(text) else { return };
        let mut draft = Draft { line, ..Draft::default() };
        let mut options = Options::default();
        let mut refused = None;
        match Method::parse(method) {
            Some(method) => draft.request.method = method,
            None => refused = Some("its method cannot be sent".to_owned()),
        }
        request::read(lines, &mut draft, &mut options, &mut self.variables, &mut self.remarks);
        // Options of an entry come after its URL and hold for it.
        let url = self.variables.marked(url.trim());
        self.base.take(&url, &mut draft);
        draft.name = self.name(&draft, comment);
        assert::response(lines, &mut draft, &mut self.variables, &mut self.remarks);
        draft.expect.url = draft.expect.url.take().map(|url| self.base.without(&url, &draft));
        options.apply(&mut draft, &mut self.remarks);
        if options.skip {
            refused = Some("it is skipped in the source".to_owned());
        }
        if let Some(why) = refused {
            self.remarks.left_out(line, format!("the whole request: {why}"));
            return;
        }
        match &self.connection {
            None => self.connection = Some(options.connection.clone()),
            Some(first) if *first != options.connection => self.remarks.left_out(
                line,
                "the proxy or certificates of this request, which differ from those of the first one: \
                 a file of checks has one connection",
            ),
            Some(_) => {}
        }
        if let Some(host) = &draft.request.base_url {
            let text = format!("requests to `{}` name it as their `base_url`", shown(host));
            self.remarks.note(line, text);
        }
        self.secrets.hide(&mut draft, &mut self.remarks);
        draft.needs = self.drafts.last().map(|before| before.name.clone());
        if draft.expect.status.is_empty() {
            self.remarks.note(line, "where the source asks for no status, any 2xx is expected");
        }
        self.drafts.push(draft);
    }

    /// The comment above an entry, or what it sends; numbered where it is taken.
    fn name(&self, draft: &Draft, comment: Option<String>) -> String {
        let path = draft.request.path.split('?').next().unwrap_or_default();
        let name = comment.unwrap_or_else(|| format!("{} {path}", draft.request.method.as_str()));
        let taken = |name: &String| self.drafts.iter().any(|draft| draft.name == *name);
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    fn finish(mut self, name: &str) -> Imported {
        if let Some(host) = self.base.shown() {
            let line = self.drafts.first().map_or(1, |first| first.line);
            self.remarks
                .note(line, format!("requests go to the environment's base URL, in the source it was `{host}`"));
        }
        let wanted = self.variables.wanted();
        if !wanted.is_empty() {
            let text = format!("these variables are used and not captured, the project has to declare them: {wanted}");
            self.remarks.note(1, text);
        }
        if self.drafts.is_empty() && self.remarks.left_out.is_empty() {
            self.remarks.left_out(1, "there is no request in it");
        }
        let mut connection = self.connection.unwrap_or_default();
        connection.cookies = self.drafts.len() > 1;
        write::file(name, &connection, self.drafts, self.remarks)
    }
}
