//! Which pane gets which cells at which size. Drawing and mouse hits read the same rectangles.

use ratatui::layout::Rect;

use crate::ui::mode::Pane;

/// From this width on, the right column shows timeline and calls together.
pub const WIDE_COLS: u16 = 140;
/// From this width on, there is a right column at all.
pub const NORMAL_COLS: u16 = 100;
/// Narrower or lower screens get a plain sentence.
pub const SMALLEST: (u16, u16) = (40, 12);
/// The composer grows to so many lines of text.
pub const COMPOSER_LINES_MAX: u16 = 8;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Conversation left; timeline over calls right.
    Wide,
    /// Conversation left; timeline or calls right, as tabs.
    Normal,
    /// One pane at a time, with tabs.
    Narrow,
    /// A sentence.
    TooSmall,
}

impl Room {
    /// The room that a screen of this size gives. Read aloud, there is one column in one order.
    pub fn of(width: u16, height: u16, accessible: bool) -> Room {
        if width < SMALLEST.0 || height < SMALLEST.1 {
            Room::TooSmall
        } else if width < NORMAL_COLS || height < 16 || accessible {
            Room::Narrow
        } else if width < WIDE_COLS {
            Room::Normal
        } else {
            Room::Wide
        }
    }
}

/// What the layout depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Columns of the terminal.
    pub width: u16,
    /// Rows of the terminal.
    pub height: u16,
    /// No boxes, one column.
    pub accessible: bool,
    /// The pane that has the keys, or had them last.
    pub pane: Pane,
    /// Which of timeline and calls shows where only one can.
    pub side: Pane,
    /// Whether the pane that has the keys takes the whole body.
    pub zoomed: bool,
    /// Lines of text that the approval panel would like, its border and question excluded; none while nothing is held.
    pub approval: Option<u16>,
    /// Lines of the text for the agent; none while it is not shown (replay).
    pub composer: Option<u16>,
    /// Whether a stored session is played.
    pub replay: bool,
    /// Whether the inbox stands in the place of the workbench.
    pub inbox: bool,
}

/// A pane's place: with its border, and what is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// With the border.
    pub outer: Rect,
    /// What the pane itself draws on.
    pub inner: Rect,
}

/// Who gets which cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How much room there is.
    pub room: Room,
    /// The whole screen.
    pub screen: Rect,
    /// The status line.
    pub status: Rect,
    /// The names of the panes where only one shows; in `Room::Normal`, those of the right column.
    pub tabs: Option<Rect>,
    /// The visible panes.
    pub panes: Vec<(Pane, Place)>,
    /// The text for the agent.
    pub composer: Option<Place>,
    /// Where in the played session we are: one line.
    pub replay: Option<Rect>,
    /// The keys that count now.
    pub footer: Rect,
    /// Where help, palette, sessions and editor lie: the body.
    pub overlay: Place,
    /// Whether the inbox stands in the place of the workbench.
    pub inbox: bool,
}

impl Layout {
    /// The place of a pane, if it is visible.
    pub fn pane(&self, pane: Pane) -> Option<Place> {
        self.panes.iter().find(|(one, _)| *one == pane).map(|(_, place)| *place)
    }

    /// The pane under a cell.
    pub fn pane_at(&self, column: u16, row: u16) -> Option<Pane> {
        let hit = |place: &Place| place.outer.contains((column, row).into());
        self.panes.iter().find(|(_, place)| hit(place)).map(|(pane, _)| *pane)
    }

    /// The tab under a cell.
    pub fn tab_at(&self, column: u16, row: u16) -> Option<Pane> {
        let bar = self.tabs.filter(|bar| bar.contains((column, row).into()))?;
        let names = self.tab_names();
        let mut x = bar.x;
        for pane in names {
            let end = x + tab_width(*pane);
            if column < end {
                return Some(*pane);
            }
            x = end;
        }
        None
    }

    /// The panes named in the tab line.
    pub fn tab_names(&self) -> &'static [Pane] {
        match self.room {
            Room::Narrow if self.inbox => &[Pane::Inbox, Pane::Approval],
            Room::Wide | Room::Normal if self.inbox => &[],
            Room::Normal => &[Pane::Trace, Pane::Calls],
            Room::Narrow => &Pane::ALL,
            Room::Wide | Room::TooSmall => &[],
        }
    }

    /// Whether a cell lies on the text for the agent.
    pub fn on_composer(&self, column: u16, row: u16) -> bool {
        self.composer.is_some_and(|place| place.outer.contains((column, row).into()))
    }
}

/// The columns of a tab: ` 2 Timeline `.
pub fn tab_width(pane: Pane) -> u16 {
    u16::try_from(pane.title().len()).unwrap_or(0) + 4
}

/// Lays the screen out.
pub fn lay(shape: &Shape) -> Layout {
    let screen = Rect::new(0, 0, shape.width, shape.height);
    let room = Room::of(shape.width, shape.height, shape.accessible);
    let none = Rect::default();
    let mut layout = Layout {
        room,
        screen,
        status: none,
        tabs: None,
        panes: Vec::new(),
        composer: None,
        replay: None,
        footer: none,
        overlay: Place { outer: screen, inner: screen },
        inbox: shape.inbox,
    };
    if room == Room::TooSmall {
        return layout;
    }
    let mut body = screen;
    layout.status = cut_top(&mut body, 1);
    layout.footer = cut_bottom(&mut body, 1);
    layout.overlay = framed(body, shape.accessible);
    if shape.replay {
        layout.replay = Some(cut_bottom(&mut body, 1));
    }
    if let Some(lines) = shape.composer {
        let border = if shape.accessible { 1 } else { 2 };
        let lines = lines.clamp(1, COMPOSER_LINES_MAX.min(body.height / 4).max(1));
        layout.composer = Some(framed(cut_bottom(&mut body, lines + border), shape.accessible));
    }
    match room {
        Room::Wide | Room::Normal if shape.zoomed => one(&mut layout, body, shape),
        Room::Wide | Room::Normal if shape.inbox => beside(&mut layout, body, shape),
        Room::Wide | Room::Normal => columns(&mut layout, body, shape),
        Room::Narrow | Room::TooSmall => {
            layout.tabs = Some(cut_top(&mut body, 1));
            one(&mut layout, body, shape);
        }
    }
    layout
}

/// One pane takes the body.
fn one(layout: &mut Layout, body: Rect, shape: &Shape) {
    layout.panes.push((shape.pane, framed(body, shape.accessible)));
}

/// The list of the inbox left, the chosen hold right.
fn beside(layout: &mut Layout, body: Rect, shape: &Shape) {
    let list = Rect { width: (body.width * 2 / 5).min(80), ..body };
    let case = Rect { x: body.x + list.width, width: body.width - list.width, ..body };
    layout.panes.push((Pane::Inbox, framed(list, shape.accessible)));
    layout.panes.push((Pane::Approval, framed(case, shape.accessible)));
}

/// The columns that the decision panel has for its text.
pub fn panel_columns(shape: &Shape) -> u16 {
    let case = Shape { pane: Pane::Approval, ..*shape };
    let place = lay(&case).pane(Pane::Approval).filter(|_| shape.inbox);
    let border = if shape.accessible { 0 } else { 2 };
    place.map_or(shape.width.saturating_sub(border), |place| place.inner.width)
}

/// The panel from below, the conversation left, the rest right.
fn columns(layout: &mut Layout, mut body: Rect, shape: &Shape) {
    let mut panel = None;
    if let Some(lines) = shape.approval {
        let most = (body.height * 3 / 5).max(8).min(body.height.saturating_sub(5));
        panel = Some(cut_bottom(&mut body, lines.saturating_add(2).clamp(6, most.max(6))));
    }
    let left = if layout.room == Room::Wide { body.width * 11 / 20 } else { body.width * 3 / 5 };
    let conversation = Rect { width: left, ..body };
    let mut right = Rect { x: body.x + left, width: body.width - left, ..body };
    layout.panes.push((Pane::Conversation, framed(conversation, shape.accessible)));
    if layout.room == Room::Wide {
        let calls = cut_bottom(&mut right, body.height * 2 / 5);
        layout.panes.push((Pane::Trace, framed(right, shape.accessible)));
        layout.panes.push((Pane::Calls, framed(calls, shape.accessible)));
    } else {
        layout.tabs = Some(cut_top(&mut right, 1));
        layout.panes.push((shape.side, framed(right, shape.accessible)));
    }
    if let Some(panel) = panel {
        layout.panes.push((Pane::Approval, framed(panel, shape.accessible)));
    }
}

/// A place with a one-cell border; read aloud, with a title line and no box.
fn framed(outer: Rect, accessible: bool) -> Place {
    let inner = if accessible {
        Rect { y: outer.y + 1.min(outer.height), height: outer.height.saturating_sub(1), ..outer }
    } else {
        Rect {
            x: outer.x + 1,
            y: outer.y + 1,
            width: outer.width.saturating_sub(2),
            height: outer.height.saturating_sub(2),
        }
    };
    Place { outer, inner }
}

fn cut_top(body: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(body.height);
    let top = Rect { height: rows, ..*body };
    body.y += rows;
    body.height -= rows;
    top
}

fn cut_bottom(body: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(body.height);
    body.height -= rows;
    Rect { y: body.y + body.height, height: rows, ..*body }
}
