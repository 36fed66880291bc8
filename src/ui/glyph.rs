//! The signs the screen uses, in one table: one column wide each, or a word when the screen is read aloud.

/// A sign on the screen. Nothing is told by colour alone: a sign or its word says it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glyph {
    /// Work is going on.
    Running,
    /// Waits for a person.
    Held,
    /// The operator paused it.
    Paused,
    /// Ended well.
    Done,
    /// Ended badly.
    Failed,
    /// Was cancelled.
    Cancelled,
    /// The outcome is not known.
    Unknown,
    /// A request to a model.
    Model,
    /// A tool call.
    Call,
    /// A wait.
    Wait,
    /// A fault.
    Fault,
    /// A try again.
    Retry,
    /// A breakpoint.
    Breakpoint,
    /// Older context was summed up.
    Compacted,
    /// Part of the row is folded away.
    Folded,
    /// The row shows all its parts.
    Unfolded,
    /// The row is selected.
    Selected,
    /// The row is marked for a batch.
    Marked,
    /// Something was left out here.
    Omitted,
    /// An item of a list.
    Bullet,
    /// A task that is done.
    TaskDone,
    /// A task that is open.
    TaskOpen,
    /// The bar beside a quotation.
    Quote,
    /// A horizontal rule, repeated.
    Rule,
}

/// Every sign: one-column sign, and the word or ASCII sign said in its place.
pub const GLYPHS: [(Glyph, &str, &str); 24] = [
    (Glyph::Running, "●", "running"),
    (Glyph::Held, "◆", "HELD"),
    (Glyph::Paused, "‖", "paused"),
    (Glyph::Done, "✓", "done"),
    (Glyph::Failed, "✗", "failed"),
    (Glyph::Cancelled, "⊘", "cancelled"),
    (Glyph::Unknown, "?", "unknown"),
    (Glyph::Model, "◇", "model"),
    (Glyph::Call, "▸", "call"),
    (Glyph::Wait, "┄", "wait"),
    (Glyph::Fault, "!", "fault"),
    (Glyph::Retry, "↻", "retry"),
    (Glyph::Breakpoint, "■", "breakpoint"),
    (Glyph::Compacted, "≋", "compacted"),
    (Glyph::Folded, "▸", "[+]"),
    (Glyph::Unfolded, "▾", "[-]"),
    (Glyph::Selected, "›", ">"),
    (Glyph::Marked, "✔", "[x]"),
    (Glyph::Omitted, "⋯", "..."),
    (Glyph::Bullet, "•", "-"),
    (Glyph::TaskDone, "☑", "[x]"),
    (Glyph::TaskOpen, "☐", "[ ]"),
    (Glyph::Quote, "▎", "|"),
    (Glyph::Rule, "─", "-"),
];

/// Which set of signs is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GlyphSet {
    /// One-column signs.
    #[default]
    Signs,
    /// Words and ASCII, for `ACCESSIBLE=1`.
    Words,
}

impl Glyph {
    /// The text of this sign in a set.
    pub fn text(self, set: GlyphSet) -> &'static str {
        let (_, sign, word) = GLYPHS[self as usize];
        match set {
            GlyphSet::Signs => sign,
            GlyphSet::Words => word,
        }
    }
}
