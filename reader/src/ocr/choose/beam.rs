//! Prefix beam search: the most probable texts that a grammar allows, summed over all their alignments.

use std::collections::HashMap;

use super::alike::Emission;
use super::{Grammar, add};

/// Prefixes kept after each frame.
const WIDTH: usize = 32;
/// Texts that come back, at most.
const RESULTS: usize = 12;
const NEVER: f32 = f32::NEG_INFINITY;

/// A prefix: the way back to the empty text, and the grammar's state after it.
struct Node {
    parent: u32,
    ch: char,
    state: u32,
}

/// Log probabilities of a prefix whose last frame was a blank, or its last character.
#[derive(Clone, Copy)]
struct Mass {
    blank: f32,
    char: f32,
}

impl Mass {
    const NONE: Mass = Mass { blank: NEVER, char: NEVER };
    fn total(&self) -> f32 {
        add(self.blank, self.char)
    }
}

/// Texts with their log probabilities, best first.
pub(super) fn search(steps: &[Emission], grammar: &dyn Grammar) -> Vec<(String, f32)> {
    let mut nodes = vec![Node { parent: 0, ch: '\0', state: grammar.start() }];
    let mut children: HashMap<(u32, char), Option<u32>> = HashMap::new();
    let mut beam: Vec<(u32, Mass)> = vec![(0, Mass { blank: 0.0, char: NEVER })];
    for step in steps {
        let mut next: HashMap<u32, Mass> = HashMap::with_capacity(beam.len() * 4);
        for &(id, mass) in &beam {
            let total = mass.total();
            let (last, state) = (nodes[id as usize].ch, nodes[id as usize].state);
            let stay = next.entry(id).or_insert(Mass::NONE);
            stay.blank = add(stay.blank, total + step.blank);
            for &(c, lp) in &step.chars {
                let mut from = total;
                if c == last && id != 0 {
                    // the same character again is the same one, unless a blank stood between
                    let stay = next.entry(id).or_insert(Mass::NONE);
                    stay.char = add(stay.char, mass.char + lp);
                    from = mass.blank;
                }
                if from == NEVER {
                    continue;
                }
                let child = *children.entry((id, c)).or_insert_with(|| {
                    let state = grammar.step(state, c)?;
                    nodes.push(Node { parent: id, ch: c, state });
                    Some(nodes.len() as u32 - 1)
                });
                if let Some(child) = child {
                    let grown = next.entry(child).or_insert(Mass::NONE);
                    grown.char = add(grown.char, from + lp);
                }
            }
        }
        beam = next.into_iter().collect();
        // equal masses in the order of their making: the same frames give the same answer
        beam.sort_by(|a, b| b.1.total().total_cmp(&a.1.total()).then(a.0.cmp(&b.0)));
        beam.truncate(WIDTH);
    }
    beam.retain(|(id, mass)| *id != 0 && mass.total() > NEVER && grammar.accepting(nodes[*id as usize].state));
    beam.into_iter().take(RESULTS).map(|(id, mass)| (text(&nodes, id), mass.total())).collect()
}

fn text(nodes: &[Node], mut id: u32) -> String {
    let mut chars = Vec::new();
    while id != 0 {
        chars.push(nodes[id as usize].ch);
        id = nodes[id as usize].parent;
    }
    chars.iter().rev().collect()
}
