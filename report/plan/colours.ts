/** Of the palette: what was predicted, against what was measured, which has the colour of water. */
export const PREDICTED = 5
