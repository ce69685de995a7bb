// Caption and seed to pictures, by ONNX Runtime Web on one thread.
import * as ort from "./ort.wasm.bundle.min.mjs"

const SAMPLES = 4
const byId = id => document.getElementById(id)
const say = text => { byId("status").textContent = text }

async function unpacked(name) {
    const answer = await fetch(name)
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`)
    return new Uint8Array(await new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer())
}

// Uniform numbers by mulberry32, normal ones by Box and Muller.
function uniform(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0
        let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
    }
}

function normal(count, random) {
    return Float32Array.from({ length: count }, () =>
        Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))
}

function distance(first, second) {
    let row = Array.from({ length: second.length + 1 }, (_, j) => j)
    for (let i = 1; i <= first.length; i++) {
        const next = [i]
        for (let j = 1; j <= second.length; j++)
            next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (first[i - 1] !== second[j - 1]))
        row = next
    }
    return row[second.length]
}

// The words that the model reads: what a caption leaves open is drawn, since training captions name it.
function wording(caption, words, vocabulary, random) {
    const text = caption.toLowerCase().trim().replace(/\.$/, "").split(/\s+/).join(" ")
    for (const word of text.split(" ")) {
        if (vocabulary.includes(word)) continue
        const near = vocabulary.slice(4).sort((a, b) => distance(word, a) - distance(word, b))[0]
        throw new Error(`“${word}” is not in the language; the nearest word is “${near}”`)
    }
    const link = words.links.find(link => ` ${text} `.includes(` ${link} `))
    const groups = link ? ` ${text} `.split(` ${link} `).map(group => group.trim()) : [text]
    const pick = list => list[Math.floor(random() * list.length)]
    return groups.map(group => {
        const parts = group.split(" ")
        const [count, noun] = [words.counts[parts[0]], parts.at(-1)]
        const shape = count === 1 ? noun in words.shapes : noun in words.plurals
        const between = parts.slice(1, -1)
        const size = between[0] in words.sizes ? between.shift() : null
        const colour = words.colours.includes(between[0]) ? between.shift() : null
        if (!count || !shape || between.length)
            throw new Error(`“${group}” is not a group: expected a count, a size, a colour and a shape, such as “3 small red circles”`)
        const most = { small: 5, medium: 3, large: 2 }
        const fitting = Object.keys(most).filter(name => count <= most[name])
        if (size && count > most[words.sizes[size]])
            throw new Error(`at most ${most[words.sizes[size]]} ${size} things form a group`)
        return [parts[0], size ?? pick(fitting), colour ?? pick(words.colours), noun].join(" ")
    }).join(` ${link} `)
}

function tokens(text, model) {
    const row = new Array(model.max_length).fill(model.special.padding)
    const ids = [model.special.start, ...text.split(" ").map(word => model.vocabulary.indexOf(word)), model.special.end]
    ids.forEach((id, index) => { row[index] = id })
    return row
}

function draw(values, side) {
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = side
    const image = new ImageData(side, side)
    for (let pixel = 0; pixel < side * side; pixel++) {
        for (let channel = 0; channel < 3; channel++)
            image.data[4 * pixel + channel] = Math.round(255 * values[channel * side * side + pixel])
        image.data[4 * pixel + 3] = 255
    }
    canvas.getContext("2d").putImageData(image, 0, 0)
    return canvas
}

async function paint(session, model) {
    const random = uniform(Number(byId("seed").value))
    const noise = normal(SAMPLES * model.latent_dim, random)
    const text = wording(byId("caption").value, model.words, model.vocabulary, random)
    const rows = Array.from({ length: SAMPLES }, () => tokens(text, model)).flat()
    const start = performance.now()
    const { images } = await session.run({
        tokens: new ort.Tensor("int64", BigInt64Array.from(rows, BigInt), [SAMPLES, model.max_length]),
        noise: new ort.Tensor("float32", noise, [SAMPLES, model.latent_dim]),
    })
    const size = 3 * model.image_size ** 2
    const canvases = Array.from({ length: SAMPLES }, (_, k) =>
        draw(images.data.subarray(k * size, (k + 1) * size), model.image_size))
    canvases.forEach(canvas => canvas.setAttribute("aria-label", text))
    byId("pictures").replaceChildren(...canvases)
    say(`${text}: ${SAMPLES} pictures in ${((performance.now() - start) / 1000).toFixed(2)} s`)
}

async function main() {
    ort.env.wasm.numThreads = 1
    ort.env.wasm.wasmBinary = await unpacked("ort-wasm-simd-threaded.wasm.gz")
    const model = await (await fetch("model.json")).json()
    const session = await ort.InferenceSession.create(await unpacked("model.onnx.gz"), { executionProviders: ["wasm"] })
    const painted = () => paint(session, model).catch(error => say(error.message))
    byId("form").addEventListener("submit", event => { event.preventDefault(); painted() })
    byId("paint").disabled = false
    await painted()
}

main().catch(error => say(`The model cannot be loaded: ${error.message}`))
