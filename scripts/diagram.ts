/** Draws a Graphviz text as an SVG that follows the reader's light or dark theme. */
import { instance } from '@viz-js/viz';

const STYLE = `<style>
  text { fill: #1f2328; }
  path, polygon, ellipse, polyline { fill: none; stroke: #59636e; }
  .edge polygon { fill: #59636e; }
  .step path { stroke: #0969da; stroke-width: 1.5; }
  .again path, .again polygon { stroke: #bc4c00; }
  .again path { stroke-dasharray: 5 3; }
  .again polygon { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    path, polygon, ellipse, polyline { stroke: #9198a1; }
    .edge polygon { fill: #9198a1; }
    .step path { stroke: #4493f8; }
    .again path, .again polygon { stroke: #f0883e; }
    .again polygon { fill: #f0883e; }
  }
</style>`;

export async function drawDiagram(dot: string): Promise<string> {
  const viz = await instance();
  return (
    viz
      .renderString(dot, { format: 'svg' })
      // Colours come from the style sheet: attributes would know one theme only.
      .replaceAll(/ (?:fill|stroke)="[^"]*"/g, '')
      .replace(/^[\s\S]*?(?=<svg)/, '')
      .replace(/<svg[^>]*>/, (opening) => `${opening}\n${STYLE}`)
  );
}
