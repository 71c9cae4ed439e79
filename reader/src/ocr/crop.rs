//! One text line out of the page's native pixels, levelled and scaled to the recogniser's height by one affine warp.
//!
//! Works on grey values and geometry only. Nothing is resampled twice: the page itself stays as it was received.

use crate::page::{LineBox, Prepared};

/// Rows to the inch below which a page is coarse (標準: 98).
const COARSE: f32 = 150.0;

/// How a line is cut. The defaults are those that were measured best on bilevel fax pages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Rows of the result.
    pub height: usize,
    /// White space above and below, in heights of the line.
    pub pad_y: f32,
    /// White space before and behind, in heights of the line.
    pub pad_x: f32,
    /// Gaussian before the warp, in pixels of 204 dpi; none down a bilevel 標準 page.
    pub blur: f32,
}

impl Default for Cut {
    fn default() -> Self {
        Self { height: 48, pad_y: 0.45, pad_x: 0.3, blur: 0.8 }
    }
}

/// A levelled strip: grey 0 = ink … 255 = paper, `width × height`.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    pub width: usize,
    pub height: usize,
    pub gray: Vec<f32>,
    /// Page pixels per pixel of the strip.
    pub scale: f32,
    /// Page x of the strip's left edge.
    pub left: f32,
    /// Rows of the strip that the line's own rectangle covers.
    pub rows: (usize, usize),
}

impl Crop {
    /// Page x of a column.
    pub fn page_x(&self, column: f32) -> f32 {
        self.left + column * self.scale
    }
    /// Columns `from..to` as a strip of their own.
    pub fn part(&self, from: usize, to: usize) -> Crop {
        let (from, to) = (from.min(self.width), to.min(self.width));
        let mut gray = Vec::with_capacity((to - from) * self.height);
        for y in 0..self.height {
            gray.extend_from_slice(&self.gray[y * self.width + from..y * self.width + to]);
        }
        Crop { width: to - from, gray, left: self.page_x(from as f32), ..*self }
    }
    /// Ink of each column within the line's own rows: sum of darkness, 0–1 a pixel.
    pub fn ink(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.width];
        for y in self.rows.0..self.rows.1.min(self.height) {
            for (o, g) in out.iter_mut().zip(&self.gray[y * self.width..(y + 1) * self.width]) {
                *o += 1.0 - g / 255.0;
            }
        }
        out
    }
}

/// Cuts one line. Ink of neighbouring lines is painted over where their rectangles do not overlap this one's.
pub fn cut(page: &Prepared, line: &LineBox, how: &Cut) -> Option<Crop> {
    let r = line.rect;
    let (w, h) = (r.width() as f32, r.height() as f32);
    if w < 1.0 || h < 1.0 {
        return None;
    }
    let scale = h * (1.0 + 2.0 * how.pad_y) / how.height as f32;
    let left = r.x0 as f32 - how.pad_x * h;
    let top = r.y0 as f32 - how.pad_y * h;
    let width = ((w + 2.0 * how.pad_x * h) / scale).round().max(1.0) as usize;
    // the affine map from the strip to native pixels, from three of its corners
    let (ox, oy) = page.to_native(left, top);
    let (rx, ry) = page.to_native(left + width as f32 * scale, top);
    let (dx, dy) = page.to_native(left, top + how.height as f32 * scale);
    let n = width as f32;
    let m = how.height as f32;
    let across = ((rx - ox) / n, (ry - oy) / n);
    let down = ((dx - ox) / m, (dy - oy) / m);
    let native =
        Native::around(page, &[(ox, oy), (rx, ry), (dx, dy), (rx + dx - ox, ry + dy - oy)], how, across, down)?;
    let mut gray = vec![255.0; width * how.height];
    for y in 0..how.height {
        let fy = y as f32 + 0.5;
        for (x, out) in gray[y * width..(y + 1) * width].iter_mut().enumerate() {
            let fx = x as f32 + 0.5;
            *out = native.sample(ox + across.0 * fx + down.0 * fy, oy + across.1 * fx + down.1 * fy);
        }
    }
    let mut crop = Crop {
        width,
        height: how.height,
        gray,
        scale,
        left,
        rows: (
            (how.pad_y * h / scale).round() as usize,
            (((how.pad_y + 1.0) * h / scale).round() as usize).min(how.height),
        ),
    };
    hide_neighbours(page, line, top, &mut crop);
    Some(crop)
}

/// Whitens what belongs to the lines above and below.
fn hide_neighbours(page: &Prepared, line: &LineBox, top: f32, crop: &mut Crop) {
    let own = line.rect;
    let right = crop.page_x(crop.width as f32);
    let bottom = top + crop.height as f32 * crop.scale;
    for other in &page.lines {
        let o = other.rect;
        let outside = o.y1 <= own.y0 + 1 || o.y0 >= own.y1 - 1;
        if !outside
            || (o.x1 as f32) < crop.left
            || (o.x0 as f32) > right
            || (o.y1 as f32) < top
            || (o.y0 as f32) > bottom
        {
            continue;
        }
        let col = |x: i32| (((x as f32 - crop.left) / crop.scale).max(0.0) as usize).min(crop.width);
        let row = |y: i32| (((y as f32 - top) / crop.scale).max(0.0) as usize).min(crop.height);
        let (x0, x1) = (col(o.x0 - 1), col(o.x1 + 2));
        let (y0, y1) = if o.y1 <= own.y0 + 1 {
            (row(o.y0), row(own.y0.min(o.y1)))
        } else {
            (row(own.y1.max(o.y0) + 1), row(o.y1 + 2))
        };
        for y in y0..y1 {
            crop.gray[y * crop.width + x0..y * crop.width + x1.max(x0)].fill(255.0);
        }
    }
}

/// The blurred patch of the native page that a strip is sampled from.
struct Native {
    x0: i32,
    y0: i32,
    width: usize,
    height: usize,
    gray: Vec<f32>,
}

impl Native {
    fn around(
        page: &Prepared,
        corners: &[(f32, f32)],
        how: &Cut,
        across: (f32, f32),
        down: (f32, f32),
    ) -> Option<Native> {
        let raster = &page.raster;
        let dpi = (raster.dpi.0.max(50.0), raster.dpi.1.max(50.0));
        // large text is scaled down: the blur must then keep strokes from falling between two samples
        let step = (across.0.abs().max(down.0.abs()), across.1.abs().max(down.1.abs()));
        // rows of a 標準 page are twice as high, and a hairline is one of them at most: any blur down the page smears strokes
        // into each other; what was dots needs some (docs/measurements.md, "Characters")
        let rows = match dpi.1 < COARSE {
            true if raster.bilevel => 0.0,
            true => 0.6 * dpi.1 / 98.0,
            false => dpi.1 / 196.0,
        };
        let sigma = ((how.blur * dpi.0 / 204.0).max(0.5 * step.0 - 0.1), (how.blur * rows).max(0.5 * step.1 - 0.1));
        let (kx, ky) = (kernel(sigma.0), kernel(sigma.1));
        let (mx, my) = ((kx.len() / 2 + 2) as i32, (ky.len() / 2 + 2) as i32);
        let bound = |v: f32| v.clamp(-1e6, 1e6);
        let x0 = corners.iter().map(|c| bound(c.0).floor() as i32).min()? - mx;
        let x1 = corners.iter().map(|c| bound(c.0).ceil() as i32).max()? + mx;
        let y0 = corners.iter().map(|c| bound(c.1).floor() as i32).min()? - my;
        let y1 = corners.iter().map(|c| bound(c.1).ceil() as i32).max()? + my;
        let (width, height) = ((x1 - x0) as usize, (y1 - y0) as usize);
        if width * height > 40_000_000 {
            return None;
        }
        let mut gray = vec![255.0f32; width * height];
        for y in y0.max(0)..y1.min(raster.height as i32) {
            let (from, to) = (x0.max(0), x1.min(raster.width as i32));
            if from >= to {
                break;
            }
            let source =
                &raster.gray[y as usize * raster.width + from as usize..y as usize * raster.width + to as usize];
            let start = (y - y0) as usize * width + (from - x0) as usize;
            for (o, g) in gray[start..].iter_mut().zip(source) {
                *o = f32::from(*g);
            }
        }
        blur_rows(&mut gray, width, &kx);
        blur_columns(&mut gray, width, &ky);
        Some(Native { x0, y0, width, height, gray })
    }

    /// Bilinear; paper outside.
    fn sample(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - self.x0 as f32 - 0.5, y - self.y0 as f32 - 0.5);
        let (ix, iy) = (x.floor(), y.floor());
        if ix < 0.0 || iy < 0.0 || ix as usize + 1 >= self.width || iy as usize + 1 >= self.height {
            return 255.0;
        }
        let (fx, fy) = (x - ix, y - iy);
        let at = iy as usize * self.width + ix as usize;
        let upper = self.gray[at] * (1.0 - fx) + self.gray[at + 1] * fx;
        let lower = self.gray[at + self.width] * (1.0 - fx) + self.gray[at + self.width + 1] * fx;
        upper * (1.0 - fy) + lower * fy
    }
}

/// Half-open symmetric Gaussian; a single 1 where there is nothing to blur.
fn kernel(sigma: f32) -> Vec<f32> {
    if sigma < 0.2 {
        return vec![1.0];
    }
    let reach = (sigma * 3.0).ceil() as i32;
    let mut k: Vec<f32> = (-reach..=reach).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let sum: f32 = k.iter().sum();
    k.iter_mut().for_each(|v| *v /= sum);
    k
}

fn blur_rows(gray: &mut [f32], width: usize, k: &[f32]) {
    if k.len() < 2 || width == 0 {
        return;
    }
    let reach = k.len() / 2;
    let mut padded = vec![255.0; width + 2 * reach];
    for row in gray.chunks_exact_mut(width) {
        padded[reach..reach + width].copy_from_slice(row);
        for (x, out) in row.iter_mut().enumerate() {
            *out = padded[x..x + k.len()].iter().zip(k).map(|(a, b)| a * b).sum();
        }
    }
}

fn blur_columns(gray: &mut [f32], width: usize, k: &[f32]) {
    if k.len() < 2 || width == 0 {
        return;
    }
    let reach = k.len() / 2;
    let height = gray.len() / width;
    let source = gray.to_vec();
    for y in 0..height {
        let out = &mut gray[y * width..(y + 1) * width];
        out.fill(0.0);
        for (i, weight) in k.iter().enumerate() {
            match (y + i).checked_sub(reach).filter(|s| *s < height) {
                Some(s) => {
                    for (o, g) in out.iter_mut().zip(&source[s * width..(s + 1) * width]) {
                        *o += weight * g;
                    }
                }
                None => out.iter_mut().for_each(|o| *o += weight * 255.0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rect;
    use crate::page;
    use crate::raster::Raster;

    /// A character of hairlines, each one row high with one row of paper between, as 標準 leaves them.
    #[test]
    fn hairlines_of_a_coarse_page_stay_apart() {
        let mut raster = Raster::white(1728, 1100, (204.0, 98.0));
        for row in (500..510).step_by(2) {
            raster.gray[row * 1728 + 400..row * 1728 + 420].fill(0);
        }
        let mut page = page::prepare(&raster, 0);
        let ((x0, y0), (x1, y1)) = (page.to_page(400.0, 500.0), page.to_page(420.0, 509.0));
        let rect = Rect::new(x0 as i32, y0 as i32, x1 as i32, y1 as i32);
        page.lines = vec![LineBox { rect, cell: None, tti: false }];
        let strip = cut(&page, &page.lines[0], &Cut::default()).expect("a strip");
        let column: Vec<f32> =
            (strip.rows.0..strip.rows.1).map(|y| strip.gray[y * strip.width + strip.width / 2]).collect();
        let strokes = column.windows(3).filter(|w| w[1] < w[0] && w[1] <= w[2] && w[1] < 60.0).count();
        let paper = column.windows(3).filter(|w| w[1] > w[0] && w[1] >= w[2] && w[1] > 200.0).count();
        assert!(strokes >= 3 && paper >= 3, "{strokes} strokes, {paper} gaps: {column:?}");
    }
}
