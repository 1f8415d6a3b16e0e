/** The longer side of a sent photo, pixels, and its JPEG quality: enough to judge a pothole, 200 to 500 KB. */
export const LONGEST_PX = 1600
export const QUALITY = 0.75

export interface Size {
  width: number
  height: number
}

/** The size that fits `longest` on its longer side; a small picture stays as it is. */
export function fitted({ width, height }: Size, longest = LONGEST_PX): Size {
  const scale = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/**
 * The photo made smaller, as JPEG. Drawing it anew turns it upright and leaves its metadata behind
 * (a position that the person may not know of). Throws where the file is no picture.
 */
export async function shrink(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  try {
    const { width, height } = fitted(picture)
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    if (!context) throw new Error('no 2d context')
    // JPEG has no transparency: what is clear would turn black.
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, width, height)
    context.drawImage(picture, 0, 0, width, height)
    return await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY })
  } finally {
    picture.close()
  }
}
