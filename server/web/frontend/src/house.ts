import "../styles/house.css";
