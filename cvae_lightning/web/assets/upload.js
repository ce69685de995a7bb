element.addEventListener("change", event => {
    const file = event.target.files?.[0]
    if (!file) return
    if (file.size > props.most_bytes) {
        props.value = ""
        trigger("clear")
        return
    }
    const reader = new FileReader()
    reader.onload = () => { props.value = reader.result; trigger("upload") }
    reader.readAsDataURL(file)
})
