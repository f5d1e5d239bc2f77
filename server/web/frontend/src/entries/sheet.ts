import "../../styles/sheet.css";
