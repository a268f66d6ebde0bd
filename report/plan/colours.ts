/** The palette colour of predictions; measurements have the colour `water`. */
export const PREDICTED = 5
