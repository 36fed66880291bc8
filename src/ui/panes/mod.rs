//! One file per pane. Each has `draw(app, area, buf)`: it reads the app and writes cells of its area, nothing else.
//!
//! `view` draws frames, titles and tabs; a pane gets what is inside. Panes with more lines than rows also say how
//! many there are (`rows`), and `view::prepare` keeps their window in `App::windows`.
