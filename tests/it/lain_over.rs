//! What lies over the workbench lies over what was there, and gives it back.

use crate::harness::screen::TestScreen;
use crate::harness::shelf;
use crate::harness::story::done;
use tackroom::ui::parts::Overlay;

/// Cause: the palette and the dialog of a fork took the place of what they lay over, and Esc led to the workbench.
#[test]
fn what_was_lain_over_comes_back() {
    let story = done();
    for (keys, over) in [("3 g g j o", "Inspect"), ("g s", "Sessions"), ("b", "Breaks"), ("?", "Help")] {
        for with in ["Ctrl-P Esc", "F1 Esc", "f Esc", "Ctrl-P F1 Esc Esc", "f F1 Esc Esc"] {
            let mut screen = TestScreen::of(&story, (120, 40));
            shelf::keep(vec![crate::harness::many::row(&story)]);
            screen.press("Esc 1").press(keys);
            let page = matches!(&screen.app.overlay, Some(Overlay::Inspect(_)));
            if over == "Help" && with == "F1 Esc" {
                continue; // it is the help already
            }
            if with.starts_with('f') && (page || over == "Breaks" || over == "Help") {
                continue; // a page that is not there yet is not forked; elsewhere `f` is text or nothing
            }
            screen.press(with);
            let now = format!("{:?}", screen.app.overlay);
            assert!(now.starts_with(&format!("Some({over}")), "{keys} {with}: {now:.60}");
        }
    }
}

/// Cause: Ctrl-P took the place of a line that was being typed, and the line was gone.
#[test]
fn no_list_hides_what_is_being_typed() {
    let story = done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Esc 1 b").write("tool=shell").press("Ctrl-P");
    assert!(matches!(&screen.app.overlay, Some(Overlay::Breaks(list)) if list.input.text() == "tool=shell"));
    assert!(screen.screen().contains("Finish what you write first"), "{}", screen.screen());
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Esc 3 g g j o /").write("words").press("Ctrl-P");
    assert!(matches!(&screen.app.overlay, Some(Overlay::Inspect(asked)) if asked.typing.is_some()));
}
