//! The QR code as a drawing; what it says is the caller's.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::DocumentError;

/// An SVG of the QR code without its quiet zone, which the layout leaves blank. Level M stands a fold or a stamp's edge.
pub(crate) fn svg(text: &str) -> Result<String, DocumentError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    Ok(code
        .render::<svg::Color<'_>>()
        .quiet_zone(false)
        .module_dimensions(1, 1)
        .build())
}
