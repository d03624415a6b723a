//! The least that Tauri can be with a tray: an icon with two rows and, on wish, a window with an empty
//! page. `make bench` holds the app against it; it is the same Tauri, built the same way.

use tauri::{
    RunEvent, WebviewUrl, WebviewWindowBuilder,
    menu::{MenuBuilder, MenuItemBuilder},
    tray::TrayIconBuilder,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = tauri::Builder::default()
        .setup(|app| {
            let open = MenuItemBuilder::with_id("open", "Open").build(app)?;
            let quit = MenuItemBuilder::with_id("quit", "Quit").build(app)?;
            let menu = MenuBuilder::new(app).items(&[&open, &quit]).build()?;
            let tray =
                TrayIconBuilder::new().menu(&menu).on_menu_event(|app, event| match event.id().as_ref() {
                    "open" => {
                        let window =
                            WebviewWindowBuilder::new(app, "main", WebviewUrl::App("index.html".into()))
                                .title("Bare")
                                .inner_size(1040.0, 720.0)
                                .center()
                                .build();
                        // A window that does not come is missed by whoever waits for it.
                        drop(window);
                    }
                    _ => app.exit(0),
                });
            match app.default_window_icon() {
                Some(icon) => tray.icon(icon.clone()).build(app)?,
                None => tray.build(app)?,
            };
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|_, event| {
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    Ok(())
}
