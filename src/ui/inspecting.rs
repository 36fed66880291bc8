//! An event looked at closely: which, what of it is shown, and where the reader stands.

use std::sync::Arc;

use ratatui::text::Line;

use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::inspect::page::{Page, Section, Subject};
use crate::ui::edit::TextBox;
use crate::ui::widgets::scroll::Scroll;

/// A page laid out at a width.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Its lines.
    pub lines: Vec<Line<'static>>,
    /// The line with which each section begins.
    pub starts: Vec<usize>,
}

/// What a sheet was laid out for: nothing else changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaidFor {
    /// The event.
    pub subject: Subject,
    /// The width.
    pub width: u16,
    /// The theme.
    pub theme: String,
    /// Whether the stored events are shown.
    pub raw: bool,
}

/// An event looked at closely.
#[derive(Clone, Debug)]
pub struct Inspecting {
    /// The session.
    pub session: SessionId,
    /// What was asked for.
    pub subject: Subject,
    /// The call that was looked at before its request.
    pub came_from: Option<CallId>,
    /// Where a replay stood; nothing after it is told.
    pub until: Option<EventNo>,
    /// The page; until another one comes, the one before.
    pub page: Option<Arc<Page>>,
    /// Why what was asked for cannot be read, and what to do about it.
    pub fault: Option<(String, String)>,
    /// Whether the stored events are shown instead.
    pub raw: bool,
    /// The chosen section: what is copied and opened elsewhere.
    pub section: usize,
    /// The lines in view.
    pub scroll: Scroll,
    /// Rows of the overlay in the last frame.
    pub height: usize,
    /// The page, laid out.
    pub sheet: Arc<Sheet>,
    /// What for.
    pub laid_for: Option<LaidFor>,
    /// What is being typed to be looked for.
    pub typing: Option<TextBox>,
    /// What is looked for, in lower case; may be empty.
    pub words: String,
}

impl Inspecting {
    /// One that waits for its page.
    pub fn new(session: SessionId, subject: Subject, until: Option<EventNo>) -> Inspecting {
        Inspecting {
            session,
            subject,
            came_from: None,
            until,
            page: None,
            fault: None,
            raw: false,
            section: 0,
            scroll: Scroll::top(),
            height: 0,
            sheet: Arc::default(),
            laid_for: None,
            typing: None,
            words: String::new(),
        }
    }

    /// Whether the page that is shown is the one that was asked for.
    pub fn is_there(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.subject == self.subject)
    }

    /// What is copied of the chosen section.
    pub fn copied(&self) -> Option<String> {
        self.told(Section::copied)
    }

    /// What is read of it in another program.
    pub fn read(&self) -> Option<String> {
        self.told(Section::read)
    }

    fn told(&self, how: impl Fn(&Section) -> String) -> Option<String> {
        let page = self.page.as_ref().filter(|_| self.is_there())?;
        match self.raw {
            true => page.events.get(self.section).map(|raw| raw.json.to_string()),
            false => page.sections.get(self.section).map(how),
        }
    }

    /// A name for the chosen section, for a file or a title.
    pub fn section_name(&self) -> String {
        let Some(page) = &self.page else { return String::new() };
        let what = match self.raw {
            true => page.events.get(self.section).map(|raw| format!("event-{}", raw.no.0)),
            false => page.sections.get(self.section).map(|section| section.name.to_string()),
        };
        format!("{}-{}-{}", page.session, page.subject.no.0, what.unwrap_or_default())
    }
}
