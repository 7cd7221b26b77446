package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

const pictureWidth, pictureHeight = 720, 480

// hills draws an evening in the mountains: a sky, a sun, three ridges.
func hills() ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, pictureWidth, pictureHeight))
	ridges := []struct {
		base, height, length, shift float64
		color                       color.RGBA
	}{
		{300, 50, 210, 0.4, color.RGBA{126, 110, 150, 255}},
		{350, 45, 150, 2.1, color.RGBA{86, 84, 126, 255}},
		{410, 40, 260, 4.0, color.RGBA{46, 56, 88, 255}},
	}
	top, bottom := color.RGBA{84, 110, 170, 255}, color.RGBA{252, 196, 138, 255}
	sun := color.RGBA{255, 240, 200, 255}
	for x := range pictureWidth {
		for y := range pictureHeight {
			c := mix(top, bottom, math.Min(1, float64(y)/330))
			if d := math.Hypot(float64(x-500), float64(y-215)); d < 90 {
				c = mix(sun, c, math.Max(0, (d-38)/52))
			}
			for _, r := range ridges {
				f := float64(x)
				line := r.base - r.height*math.Sin(f/r.length+r.shift) - r.height/3*math.Sin(f/23+r.shift*3)
				if float64(y) > line {
					c = r.color
				}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// mix is a at 0 and b at 1.
func mix(a, b color.RGBA, part float64) color.RGBA {
	at := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*part) }
	return color.RGBA{at(a.R, b.R), at(a.G, b.G), at(a.B, b.B), 255}
}
