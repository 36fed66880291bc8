//! Several told sessions in one inbox: the holds as the rows tell them, and every look answered by the fold.

use crate::harness::screen::TestScreen;
use crate::harness::story::Story;
use serde_json::json;
use std::sync::Arc;
use tackroom::domain::command::Command;
use tackroom::domain::ids::CallId;
use tackroom::domain::inbox::{Answer, Answered, Held, HoldId, holds};
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Order;
use tackroom::domain::tally::Row;
use tackroom::ui::update::{Effect, Msg};

/// Sessions and the screen with the inbox over them.
pub struct Many {
    pub stories: Vec<Story>,
    pub screen: TestScreen,
    /// Looks that were asked for so far.
    pub looks: usize,
    /// Whether nobody drives the sessions that should be driven.
    pub left: bool,
}

/// The row of a session.
pub fn row(story: &Story) -> Row {
    let mut row = Row::new(story.session.id.clone());
    story.events().iter().for_each(|event| row.apply(event));
    row
}

/// What the inbox lists of these sessions.
pub fn listed(stories: &[Story], left: bool) -> Vec<Held> {
    let rows: Vec<Row> = stories.iter().map(row).collect();
    let left: Vec<Row> = rows.iter().filter(|row| left && row.status == "running").cloned().collect();
    holds(&rows, &left)
}

/// A session in which a command waits; `wait` milliseconds after the others began.
pub fn command(id: &str, title: &str, argv: &[&str], wait: u64) -> Story {
    let mut story = Story::new(id, title);
    story.wait(wait).task("Run it.").reply(900, "Running it.", &[("shell", json!({ "argv": argv }))]);
    story.hold_command(1, argv);
    story
}

/// A session in which a file is about to be written: it can destroy what was there.
pub fn write(id: &str, title: &str, path: &str, wait: u64) -> Story {
    let mut story = Story::new(id, title);
    let args = json!({"path": path, "content": "one\n"});
    story.wait(wait).task("Write it.").reply(900, "Writing it.", &[("write_file", args)]);
    story.hold_change(1, path, None, "one\n");
    story
}

/// Two commands and a file.
pub fn three() -> Vec<Story> {
    vec![
        command("c0mmandsq1", "Push the notes", &["git", "push"], 3_000),
        write("wr1tesq000", "Write the report", "report.md", 1_000),
        command("c0mmandsq2", "Restart the site", &["systemctl", "restart", "site"], 2_000),
    ]
}

impl Many {
    /// The inbox, opened over these sessions.
    pub fn open(stories: Vec<Story>, size: (u16, u16)) -> Many {
        let mut screen = TestScreen::new(stories[0].tools.clone(), size);
        screen.tick_ms(600_000).press("Esc g i");
        assert!(screen.commands().contains(&Command::Inbox(true)), "the inbox was asked for");
        let mut many = Many { stories, screen, looks: 0, left: false };
        many.tell();
        many
    }

    /// The holds as they are now come in.
    pub fn tell(&mut self) -> &mut Many {
        let holds = listed(&self.stories, self.left);
        self.screen.msg(Msg::Notice(Notice::Inbox(holds)));
        self.settle()
    }

    /// Whatever is looked at comes.
    pub fn settle(&mut self) -> &mut Many {
        let look = |effect: &Effect| matches!(effect, Effect::Send(Command::Look(_)));
        while let Some(at) = self.screen.effects.iter().position(look) {
            let Effect::Send(Command::Look(id)) = self.screen.effects.remove(at) else { continue };
            self.looks += 1;
            if let Some(story) = self.stories.iter().find(|story| story.session.id == id) {
                let gist = Arc::new(story.session.gist());
                self.screen.msg(Msg::Notice(Notice::Looked(gist)));
            }
        }
        self
    }

    /// Keys, each half a second after the one before.
    pub fn press(&mut self, keys: &str) -> &mut Many {
        for key in keys.split_whitespace() {
            self.screen.tick_ms(500).press(key);
            self.settle();
        }
        self
    }

    /// A text, typed.
    pub fn write(&mut self, text: &str) -> &mut Many {
        self.screen.write(text);
        self.settle()
    }

    /// The answers that went out since the last time.
    pub fn answers(&mut self) -> Vec<(String, Order)> {
        let mut all = Vec::new();
        for command in self.screen.commands() {
            if let Command::Answer(answers) = command {
                all.extend(answers.into_iter().map(|Answer { id, order }| (id.session.0, order)));
            }
        }
        all
    }

    /// What became of an answer comes.
    pub fn answered(&mut self, session: &str, call: u32, result: Answered) -> &mut Many {
        let session = tackroom::domain::ids::SessionId(session.to_string());
        let id = HoldId { session, call: Some(CallId(call)) };
        self.screen.msg(Msg::Notice(Notice::Answered { id, result }));
        self
    }

    /// The story of that session.
    pub fn story(&mut self, id: &str) -> &mut Story {
        self.stories.iter_mut().find(|story| story.session.id.as_str() == id).expect("a story")
    }

    /// The action that waits in a session.
    pub fn hash(&self, id: &str) -> tackroom::domain::hash::Hash {
        let story = self.stories.iter().find(|story| story.session.id.as_str() == id).expect("a story");
        story.session.call(CallId(1)).and_then(|call| call.hash).expect("a judged call")
    }

    /// The session that is chosen.
    pub fn chosen(&self) -> String {
        let inbox = self.screen.app.inbox.as_ref().expect("an open inbox");
        inbox.chosen.as_ref().map(|id| id.session.to_string()).unwrap_or_default()
    }
}
